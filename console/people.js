// Who may see and do what in the console. The API decides; this only keeps away what it would refuse.

export const people = {
  me: null,
  get role() {
    return this.me?.role;
  },
  get isAdmin() {
    return this.role === "admin";
  },
  /** Engineers and administrators run projects; readers read images and predictions. */
  get runs() {
    return this.role === "admin" || this.role === "engineer";
  },
};
