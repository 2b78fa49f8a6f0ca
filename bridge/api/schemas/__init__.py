"""What goes in and out of the control API, a module per noun, shared with the terminal app and the command line."""

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """Base of all: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
