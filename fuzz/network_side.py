"""Targets of the network side: tables that a coordinator was sent, and documents as they are kept."""

import json
from datetime import date

from bti.slt.document import Document, DocumentDamagedError, Heading, Words, as_text, from_text
from bti.slt.indicator import IndicatorFileError
from bti.slt.indicator_csv import example, read_csv
from bti.slt.indicator_json import read_json_stat
from fuzz.target import AcceptedError, Target

TODAY = date(2026, 12, 1)
TABLE = "\r\n".join(";".join(row) for row in example())
DATASET = {
    "version": "2.0",
    "class": "dataset",
    "label": "Ungdata",
    "source": "Ungdata",
    "id": ["ContentsCode", "Tid"],
    "size": [1, 2],
    "dimension": {
        "ContentsCode": {
            "category": {
                "index": ["Prosent"],
                "label": {"Prosent": "Skulking"},
                "unit": {"Prosent": {"base": "prosent", "decimals": 1}},
            }
        },
        "Tid": {"category": {"index": ["2023", "2024"]}},
    },
    "role": {"metric": ["ContentsCode"], "time": ["Tid"]},
    "value": [31.5, None],
    "status": {"1": ":"},
}
KEPT = as_text(
    Document(
        "Rapport",
        "rapport",
        "nb",
        TODAY,
        (("Kommune", "Lindvik"),),
        (Heading("Planen", 1), Words("Ord.")),
    )
)


def _table(data: bytes) -> None:
    found = read_csv(data.decode("utf-8", "replace"), today=TODAY)
    if not found.readings:
        raise AcceptedError


def _dataset(data: bytes) -> None:
    found = read_json_stat(data.decode("utf-8", "replace"), "1547", today=TODAY)
    if not found.readings:
        raise AcceptedError


def _kept(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    document = from_text(text)
    if from_text(as_text(document)) != document:
        raise AcceptedError


TARGETS: dict[str, Target] = {
    "table of indicators": Target(_table, (IndicatorFileError,), (TABLE.encode(),), 2048),
    "dataset of indicators": Target(
        _dataset, (IndicatorFileError,), (json.dumps(DATASET).encode(),), 2048
    ),
    "kept document": Target(_kept, (DocumentDamagedError,), (KEPT.encode(),), 2048),
}
