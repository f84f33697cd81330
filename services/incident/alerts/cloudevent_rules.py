"""Which parts of a CloudEvent name the alert, its group and whether it has ended: policy data."""

from typing import Annotated

from pydantic import Field

from shared.http.body import Body

Place = Annotated[
    str,
    Field(
        max_length=200,
        pattern=r"^([a-z0-9]+|data(\.[^.\s]+)+)$",
        description="An attribute, or a field of the data such as data.alert.id",
        examples=["subject", "data.alert.id"],
    ),
]
Places = Annotated[list[Place], Field(min_length=1, max_length=10)]
Word = Annotated[str, Field(min_length=1, max_length=50)]

_OVER = "resolved ok closed recovered cleared ended normal inactive up".split()


class CloudEventRules(Body):
    """The values found at the places together name it; without any, the type does.

    The first of `status` that has a value tells whether the alert has ended: by its last word.
    """

    receiver: Places = ["source"]
    group_key: Places = ["subject"]
    fingerprint: Places = ["subject"]
    status: Places = ["status", "data.status", "data.state", "type"]
    ended: Annotated[list[Word], Field(min_length=1, max_length=50)] = _OVER
    title: Places = ["data.summary", "data.title", "data.message", "subject", "type"]
    description: Places = ["data.description"]
