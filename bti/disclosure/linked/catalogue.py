"""A description of a release for data catalogues: DCAT-AP-NO in JSON-LD.

The properties are those the profile asks for of a dataset (title, description, identifier, publisher, contact
point, theme) and of a distribution (access address), with format, licence and access rights besides.
"""

from collections.abc import Iterable
from typing import Any, Final

from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.spec import Catalogue

_EU: Final = "http://publications.europa.eu/resource/authority"
_MEDIA: Final = {
    "csv": ("CSV", "text/csv"),
    "json": ("JSON", "application/json"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "adms": "http://www.w3.org/ns/adms#",
}


def description(
    publication: Publication, catalogue: Catalogue, names: Iterable[str]
) -> dict[str, Any]:
    """The dataset, with each file of these names as a distribution below the catalogue's address."""
    spec = publication.universe.spec
    address = f"{catalogue.address.rstrip('/')}/"
    return {
        "@context": _CONTEXT,
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:identifier": address,
        "dct:title": {"@language": "nb", "@value": spec.title or "Unike barn"},
        "dct:description": {
            "@language": "nb",
            "@value": catalogue.description
            or "Antall unike barn. Små tall vises ikke, og tabellene er prøvd samlet mot gjenkjenning.",
        },
        "dct:publisher": {"@id": catalogue.publisher},
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:hasEmail": {"@id": catalogue.contact},
        },
        "dcat:theme": [{"@id": f"{_EU}/data-theme/SOCI"}],
        "dct:accessRights": {"@id": f"{_EU}/access-right/PUBLIC"},
        "dct:language": [{"@id": f"{_EU}/language/NOB"}],
        "adms:versionNotes": {"@language": "nb", "@value": f"Periode {spec.period or '-'}"},
        "dcat:distribution": [_distribution(address, name) for name in names],
    }


def _distribution(address: str, name: str) -> dict[str, Any]:
    file_type, media_type = _MEDIA[name.rpartition(".")[2]]
    return {
        "@type": "dcat:Distribution",
        "dct:title": {"@language": "nb", "@value": name},
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address + name},
        "dct:format": {"@id": f"{_EU}/file-type/{file_type}"},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{media_type}"},
        "dct:license": {"@id": f"{_EU}/licence/NLOD_2_0"},
    }
