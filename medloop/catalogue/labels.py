"""Labels that came apart from their images: every version is kept, none is changed."""

from collections.abc import Iterable

from medloop.catalogue.rows import many
from medloop.catalogue.secret import Connection
from medloop.rules.labels import Label

RECORD = """
INSERT INTO labels (id, project, kind, target, value, split, array_path, array_sha256, facts, source, line,
                    written_at, sequencer, recorded_at)
VALUES (%(id)s, %(project)s, %(kind)s, %(target)s, %(value)s, %(split)s, %(array_path)s, %(array_sha256)s,
        %(facts)s, %(source)s, %(line)s, %(written_at)s, %(sequencer)s, %(recorded_at)s)
ON CONFLICT (id) DO NOTHING"""

# While a long CSV is being recorded, and if it is never finished, none of its lines counts.
OF_PROJECT = """
SELECT l.* FROM labels l JOIN uploads u ON u.id = l.source
WHERE l.project = %(project)s AND u.state = 'accepted' ORDER BY l.id"""

HISTORY = """
SELECT l.* FROM labels l JOIN uploads u ON u.id = l.source
WHERE l.project = %(project)s AND u.state = 'accepted' AND strpos(l.target, %(text)s) > 0
ORDER BY l.written_at DESC, l.sequencer DESC, l.source, l.line LIMIT %(limit)s"""


def record_labels(conn: Connection, rows: Iterable[Label]) -> None:
    """Store each label once; it counts as soon as the upload that says it (`Label.source`) is accepted.

    Make the rows with `medloop.rules.labels`: `class_labels(parse_labels(csv, classes), …)` for a CSV,
    `mask_label(…)` for a mask whose array lies in the curated bucket by then. Their images may be there
    already, or come later, or never: who belongs to whom is found when a dataset version is frozen. Nothing
    is overwritten: another upload's label of the same file is another row, and of all that fit an image the
    newest by `Label.age` counts. Repeating it changes nothing, so an interrupted upload is simply taken in
    again.

    At most a thousand rows a transaction: DSQL takes 3000, and they share it with others.
    """
    with conn.cursor() as cursor:
        cursor.executemany(RECORD, [vars(row) for row in rows])


def labels_of(conn: Connection, project: str) -> list[Label]:
    """Every version of every label that was accepted, by id."""
    return many(conn, Label, OF_PROJECT, {"project": project})


def label_history(conn: Connection, project: str, text: str, limit: int = 100) -> list[Label]:
    """What was ever said of the files whose name holds this text, newest first."""
    return many(conn, Label, HISTORY, {"project": project, "text": text, "limit": limit})
