// Runs before anything is painted: the chosen theme, or the system's.
(() => {
  try {
    const theme = localStorage.getItem("medloop-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is forbidden: the system's theme it is.
  }
})();
