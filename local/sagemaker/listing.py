"""Filters, order and pages: what every List operation has in common."""

from local.sagemaker.errors import invalid
from local.sagemaker.state import Record


def listed(
    records: list[Record], request: Record, name: str, status: str = "", order: str = "Descending"
) -> tuple[list[Record], str | None]:
    """One page of the records that the request asks for, and the token of the next.

    Args:
        name: the member by which NameContains and SortBy=Name go.
        status: the member by which StatusEquals goes.
        order: what the operation does when the request says nothing.
    """
    chosen = [record for record in records if _matches(record, request, name, status)]
    members = {"Name": name, "Status": status, "CreationTime": "CreationTime"}
    member = members.get(request.get("SortBy", "CreationTime"), "CreationTime")
    chosen.sort(key=lambda record: record[member], reverse=request.get("SortOrder", order) == "Descending")
    return page(chosen, request)


def page(records: list[Record], request: Record, size: int = 10) -> tuple[list[Record], str | None]:
    token = request.get("NextToken", "0")
    if not token.isdecimal():
        raise invalid("Invalid NextToken.")
    start, end = int(token), int(token) + request.get("MaxResults", size)
    return records[start:end], str(end) if end < len(records) else None


def _matches(record: Record, request: Record, name: str, status: str) -> bool:
    created: float = record["CreationTime"]
    modified: float = record.get("LastModifiedTime", created)
    return (
        str(request.get("NameContains", "")) in record[name]
        and request.get("StatusEquals", record.get(status)) == record.get(status)
        and request.get("CreationTimeAfter", created) <= created <= request.get("CreationTimeBefore", created)
        and request.get("LastModifiedTimeAfter", modified)
        <= modified
        <= request.get("LastModifiedTimeBefore", modified)
    )
