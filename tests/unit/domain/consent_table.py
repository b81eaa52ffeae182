"""Who must say yes, a second time, as a table. Nothing here calls the rules it is held against.

Read out of the acts, and not out of the code. Letters: P each parent who shares or has parental
responsibility, or an appointed guardian; Y the child itself; W child welfare; F the foster home or
institution; W|F either, and child welfare's word wins.
"""

from datetime import timedelta

from tests.unit.domain.samples import TODAY, an_id

MUM, DAD, VERGE, WELFARE, FOSTER, YOUNG = (an_id(900 + n) for n in range(6))

#: ages (both ends)  kind       family  under a care order
WHO = """
0-14                general    P       W F P
0-14                education  P       W F
0-14                health     P       W|F
15-17               general    P Y     W F P Y
15-17               education  Y       Y
15-15               health     P Y     W|F Y
16-17               health     Y       Y
18-99               general    Y       Y
18-99               education  Y       Y
18-99               health     Y       Y
"""

#: What kind it is: by the service that tells (rows) and what it tells (columns).
KIND = """
              attendance learning  wellbeing behaviour health family  measures
kindergarten  general    general   general   general   health general general
school        education  education general   general   health general general
pps           education  education general   general   health general general
health        health     health    health    health    health health  health
child_welfare general    general   general   general   health general general
leisure       general    general   general   general   health general general
team          general    general   general   general   health general general
"""

#: The paragraph that makes each of them sign.
WHY = """
P general   barnelova-30
P education barnelova-30
P health    pbrl-4-4
V general   vgml-16
V education vgml-16
V health    vgml-16
W general   bvl-5
W education oppl-24-4
W health    pbrl-4-4
F general   bvl-5
F education oppl-24-4
"""
WHY_YOUNG = """
15-17 general   local-youth-consent
15-17 education oppl-24-5
15-15 health    local-youth-consent
16-17 health    pbrl-4-3
18-99 general   vgml-8
18-99 education vgml-8
18-99 health    vgml-8
"""

#: Whose say it is. The second list is registered too, and has no say.
FAMILIES = {
    "joint": ([MUM, DAD], []),
    "sole": ([MUM], [DAD]),
    "none": ([], [MUM, DAD]),
    "appointed": ([VERGE], [MUM, DAD]),
    "order": ([WELFARE], [MUM, DAD]),
    "order and foster home": ([WELFARE, FOSTER], [MUM, DAD]),
    "order, and parents with a say": ([WELFARE, FOSTER, MUM, DAD], []),
    "foster home without an order": ([FOSTER], [MUM, DAD]),
}

#: (years, days beyond): the day before, and the day of, every birthday at which something changes.
AGES = [
    (years, beyond)
    for birthday in (7, 12, 15, 16, 18)
    for years, beyond in ((birthday, -1), (birthday, 0))
] + [(0, 0), (23, 0)]

#: How the words of those who must say yes add up: the first that somebody has said is the answer.
OUTCOME = (
    ("no", "refused"),
    ("silent", "asked"),
    ("talk_first", "asked"),
    ("partly", "partly"),
    ("yes", "complete"),
)


def kinds():
    """Giver and what is told -> kind."""
    head, *rows = (line.split() for line in KIND.strip().splitlines())
    return {(row[0], what): kind for row in rows for what, kind in zip(head, row[1:], strict=True)}


def years_of(years, beyond):
    """The whole years of somebody at this place on the line."""
    return years - 1 if beyond < 0 else years


def born_at(years, beyond):
    """The birth date that gives this age today."""
    return TODAY.replace(year=TODAY.year - years) - timedelta(days=beyond)


def whole_years(text, years):
    """Whether an age is in a range such as 15-17."""
    first, last = text.split("-")
    return int(first) <= years <= int(last)


def letters(years, kind, family):
    """The letters of one line."""
    order = WELFARE in FAMILIES[family][0]
    for line in WHO.strip().splitlines():
        ages, of, rest = line.split(maxsplit=2)
        here, under = (part.strip() for part in rest.split("  ", 1))
        if of == kind and whole_years(ages, years):
            return set((under if order else here).split())
    raise LookupError(years, kind)


def expected(years, asked_kinds, family):
    """Who must sign: {person: {who may stand in}}; None when the question has nobody to go to."""
    has_say = FAMILIES[family][0]
    parents = [one for one in has_say if one in {MUM, DAD, VERGE}]
    must = {}
    for kind in asked_kinds:
        wanted = letters(years, kind, family)
        found = {}
        if "P" in wanted:
            if not parents and WELFARE not in has_say:
                return None
            found |= {one: set() for one in parents}
        found |= {YOUNG: set()} if "Y" in wanted else {}
        found |= {WELFARE: set()} if "W" in wanted else {}
        found |= {FOSTER: set()} if "F" in wanted and FOSTER in has_say else {}
        found |= {WELFARE: {FOSTER} & set(has_say)} if "W|F" in wanted else {}
        for one, instead in found.items():
            must[one] = must[one] & instead if one in must else instead
    return must


def why(person, years, kind):
    """The paragraph for one person and one kind, None where they do not sign for that kind."""
    if person is YOUNG:
        lines = (line.split() for line in WHY_YOUNG.strip().splitlines())
        return next(
            (code for ages, of, code in lines if of == kind and whole_years(ages, years)), None
        )
    letter = {VERGE: "V", WELFARE: "W", FOSTER: "F"}.get(person, "P")
    lines = (line.split() for line in WHY.strip().splitlines())
    return next((code for who, of, code in lines if (who, of) == (letter, kind)), None)


def outcome(words):
    """Where the consent stands when each of those who must has said this."""
    return next(end for word, end in OUTCOME if word in words)
