"""`medloop users`: who may sign in, as what, and for which projects."""

import getpass
import re
import uuid
from collections import defaultdict
from typing import Annotated, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from medloop.aws.clients import client
from medloop.aws.people import NoSuchPerson, People, PersonExists
from medloop.catalogue import grants
from medloop.catalogue.audit import Trail, asked
from medloop.catalogue.projects import get_project
from medloop.cli.target import connect, console, done, stop
from medloop.platform import catalogue, now
from medloop.rules.access import ROLES, Role

app = typer.Typer(help="Who may sign in, as what, and for which projects.", no_args_is_help=True)

NAME = re.compile(r"[\w.@+-]{1,128}", re.ASCII)
"""What the API's addresses can name; Cognito would take more."""

Name = Annotated[str, typer.Argument(help="As they sign in.")]


@app.command("list")
def list_all() -> None:
    """Everybody, with their role and their projects."""
    projects = defaultdict[str, list[str]](list)
    everybody = list(people().everybody())
    for row in catalogue().read(grants.list_grants):
        projects[row.person].append(row.project)
    table = Table("name", "role", "projects", "state", box=None, header_style="bold")
    for person in sorted(everybody, key=lambda person: person.name):
        reach = "all" if person.role == "admin" else ", ".join(projects[person.name]) or "none"
        table.add_row(escape(person.name), person.role or "none", reach, state(person.status))
    console.print(table)


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What they may do, in the projects that are granted to them.")],
) -> None:
    """Let somebody sign in; their first password is shown this once.

    [dim]medloop users add anna --role medical-reader
    medloop users grant anna chest[/]
    """
    if not NAME.fullmatch(name):
        stop(f"{name} is no name to sign in with", "letters, digits and . @ + - _ only, up to 128")
    try:
        password = people().add(name, role)
    except PersonExists:
        stop(
            f"there is a user {name} already", f"`medloop users role {name} {role}` changes what they may do"
        )
    done(f"{name} may sign in as {role}")
    tell(password)


@app.command("role")
def assign(name: Name, role: Annotated[Role, typer.Argument(help=f"One of {', '.join(ROLES)}.")]) -> None:
    """Change what somebody may do; it counts from their next sign-in on, or within the hour."""
    try:
        people().assign(name, role)
    except NoSuchPerson:
        unknown(name)
    done(f"{name} is {role} now")


@app.command()
def remove(name: Name) -> None:
    """End somebody's access: they cannot sign in, and no project is granted to their name any more."""
    try:
        people().remove(name)
    except NoSuchPerson:
        unknown(name)
    ended = catalogue().run(lambda conn: grants.revoke_all(conn, name))
    done(f"{name} is gone, and {ended} grants with them; a token they hold ends within the hour")


@app.command()
def password(name: Name) -> None:
    """A new first password for somebody who lost theirs; it is shown this once."""
    try:
        made = people().reset_password(name)
    except NoSuchPerson:
        unknown(name)
    done(f"{name} signs in anew")
    tell(made)


@app.command()
def grant(name: Name, project: Annotated[str, typer.Argument(help="Which project.")]) -> None:
    """Let somebody work in a project, as their role allows."""
    pool = people()
    if name not in {person.name for person in pool.everybody()}:
        unknown(name)
    if catalogue().read(lambda conn: get_project(conn, project)) is None:
        stop(f"there is no project {project}", "`medloop project list` shows them")
    by = getpass.getuser()
    record("put_grant", project, name)
    new = catalogue().run(lambda conn: grants.grant(conn, name, project, by, now()))
    done(f"{name} may work in {project}" if new else f"{name} could work in {project} before")


@app.command()
def revoke(name: Name, project: Annotated[str, typer.Argument(help="Which project.")]) -> None:
    """End that; it counts from their next request on."""
    connect()
    record("delete_grant", project, name)
    if not catalogue().run(lambda conn: grants.revoke(conn, name, project)):
        stop(f"{project} was not granted to {name}", "`medloop users list` shows what is")
    done(f"{name} may no longer work in {project}")


def record(operation: str, project: str, name: str) -> None:
    """In the trail that the API writes: who may see what is the same question, however it was decided."""
    entry = asked(now(), getpass.getuser(), "terminal", operation, project, name, "allowed", uuid.uuid4().hex)
    Trail(catalogue()).record(entry)


def people() -> People:
    settings = connect()
    return People(client("cognito-idp"), settings.user_pool_id)


def state(status: str) -> str:
    return "has not signed in yet" if status == "FORCE_CHANGE_PASSWORD" else status.lower()


def tell(password: str) -> None:
    console.print(f"  first password: {escape(password)}", highlight=False, soft_wrap=True)
    console.print("  it is asked to be replaced at the first sign-in, within three days", highlight=False)


def unknown(name: str) -> NoReturn:
    stop(f"there is no user {name}", "`medloop users list` shows everybody")
