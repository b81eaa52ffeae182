"""Every column is sealed, or plain for a written reason."""

import bti.audit.models
import bti.db.models
from bti.db.base import Base
from bti.db.inventory import PLAIN, PLAIN_EVERYWHERE, SEALED
from bti.db.sealed import sealed_attributes
from bti.db.types import SealedType
from bti.domain.retention import rule_for
from bti.profiles import retention

MODULES = (bti.audit.models, bti.db.models)


def columns():
    """Every stored column as (table.column, column)."""
    return [
        (f"{table.name}.{column.name}", column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
    ]


def test_every_column_is_in_the_inventory_once():
    for name, _column in columns():
        places = [
            name in SEALED,
            name in PLAIN,
            name.split(".")[1] in PLAIN_EVERYWHERE and name not in PLAIN,
        ]
        assert sum(places) == 1, f"{name}: seal it, or write down why it is plain"


def test_the_inventory_names_no_column_that_is_gone():
    known = {name for name, _ in columns()}
    assert set(SEALED) | set(PLAIN) <= known


def test_sealed_columns_take_sealed_values_only():
    for name, column in columns():
        assert isinstance(column.type, SealedType) == (name in SEALED), name


def test_the_models_seal_what_the_inventory_says_with_the_key_it_says():
    found = {
        f"{mapper.class_.__tablename__}.{attribute.column}": attribute.scope
        for mapper in Base.registry.mappers
        for attribute in sealed_attributes(mapper.class_).values()
    }
    assert found == dict(SEALED)


def test_every_sealed_column_has_exactly_one_retention_rule_and_no_rule_names_another():
    rules = retention.rules()
    for name in SEALED:
        assert rule_for(rules, name).source, f"{name}: write how long it is kept, and by whose word"
    named = [column for one in rules.values() for column in one.columns]
    assert sorted(named) == sorted(SEALED)
    for one in rules.values():
        assert all(one.what[language].strip() for language in ("nb", "nn", "en")), one.code
