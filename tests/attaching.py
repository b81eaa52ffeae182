"""A file attached to a case, and read again, through the workflows."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Attachment
from bti.domain.codes import InfoType
from bti.workflows import attachment
from bti.workflows.attachment import Attach, DocumentKind
from tests.files import pdf

if TYPE_CHECKING:
    from tests.world import World


def attach(world: World, case_id: uuid.UUID, text: str = "Hei", who: str = "ingrid") -> uuid.UUID:
    """Attach a small document; returns its id."""
    upload = attachment.begin_upload(
        world.runtime.settings, world.actor(who), case_id, "lesetest.pdf"
    )
    try:
        upload.write(pdf(text))
        wanted = Attach(
            case_id=case_id,
            submission=uuid.uuid4(),
            title="Lesetest",
            document=DocumentKind.ASSESSMENT,
            info_type=InfoType.LEARNING,
        )
        return world.run(who, attachment.attach, wanted, upload)
    finally:
        upload.discard()


def content_of(world: World, case_id: uuid.UUID, file_id: uuid.UUID, who: str = "ingrid") -> bytes:
    """What somebody gets when they open the file."""
    file = world.run(who, attachment.open_file, case_id=case_id, attachment_id=file_id)
    return b"".join(file.content(file.verified()))


def blob_of(world: World, file_id: uuid.UUID) -> Path:
    """Where the sealed file lies."""
    with world.runtime.engine.begin() as connection:
        query = select(Attachment.blob).where(Attachment.id == file_id)
        name = connection.scalars(query).one()
    folder = world.runtime.settings.case_side().blob_dir
    return folder / name[:2] / name
