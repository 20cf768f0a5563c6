"""The broker that is a folder, where a message is seen when it is whole.

The library writes a message under the name others look for; who takes it meanwhile reads nothing, and its worker ends.
"""

import os
import uuid
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "folder"


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:
        """Write beside, then give the name that is looked for. Names sort by their time. Raises ChannelError."""
        name = os.path.join(self.data_folder_out, f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}")
        try:
            with open(f"{name}.part", "wb") as part:
                part.write(dumps(payload).encode())
            os.rename(f"{name}.part", f"{name}.msg")
        except OSError as fault:
            raise ChannelError(f"the folder {self.data_folder_out} takes no message") from fault


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Let an address that begins with `folder://` mean this broker."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
