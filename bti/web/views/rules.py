"""The local rules as the municipality writes them: parts, preview, what changes, and two people's yes."""

from __future__ import annotations

import uuid
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for

from bti.domain.approval import ApprovalRefused, StepUpNeeded
from bti.domain.codes import Sector
from bti.domain.errors import RuleBroken
from bti.profiles.draft import Decision
from bti.profiles.own import whose
from bti.profiles.sections import Section, addable, groups, section_of
from bti.web import i18n, messages
from bti.web import rules_words as words
from bti.web.doorway import perform
from bti.web.forms.rules import (
    AskForm,
    DecisionForm,
    MoreForm,
    TakeForm,
    rows,
    section_form,
    show_faults,
    typed,
)
from bti.web.guide_page import guide_page, sector_of
from bti.web.notices import notify
from bti.web.rules_pages import (
    GroupCard,
    OverviewPage,
    PartLink,
    ProposalPage,
    SectionPage,
    changes,
)
from bti.workflows import rules_draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.profiles import Profile
    from bti.workflows.rules_draft import DraftPage

_UNFINISHED: Final = 422
#: Told kindly. Everything else is answered as what does not exist.
_TOO_LATE: Final = frozenset({"approval.used", "approval.expired", "approval.not_given"})
_PART: Final = "any({})".format(",".join(f"'{one.value}'" for one in Section))

blueprint = Blueprint("rules", __name__, url_prefix="/rules")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("", methods=["GET", "POST"])
def show() -> Response:
    """The draft as a whole: its parts, what it changes, where it is decided, and the way to a yes."""
    draft = perform(rules_draft.show)
    form = _decision_form(draft)
    if form.validate_on_submit():
        try:
            perform(rules_draft.decide, version=form.version.data or 0, decision=form.to_decision())
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _saved(url_for("rules.show"))
    return _overview(draft, form, AskForm(version=draft.version))


@blueprint.route(
    f"/<{_PART}:part>",
    methods=["GET", "POST"],
)
def section(part: str) -> Response:
    """One part of it. What is typed is kept, and what cannot be used is told at its field."""
    which = Section(part)
    draft = perform(rules_draft.show)
    there = groups(which, draft.base, draft.whole)
    form = section_form(there, draft.version)
    if form.validate_on_submit():
        try:
            perform(
                rules_draft.fill,
                version=form.version.data or 0,
                section=which,
                typed=typed(form, there),
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _saved(url_for("rules.section", part=part))
    unfinished = bool(form.error_list())
    faults = () if unfinished else show_faults(form, there, draft.faults)
    stands = {slot.path: whose(draft.whole, slot.path) for one in there for slot in one.slots}
    page = SectionPage(
        heading=str(words.SECTIONS[which]),
        here=url_for("rules.section", part=part),
        of_service=which.service is not None,
        cards=tuple(
            GroupCard(
                "-".join(one.path),
                words.group(one.path, _named(draft, one.path)),
                rows(form, one, stands),
                ".".join(one.path) if one.own else "",
            )
            for one in there
        ),
        faults=faults,
        names=tuple((code, str(text)) for code, text in words.DAYS.items())
        if which.level or which.service
        else (),
        add_action=url_for("rules.add", part=part),
        take_action=url_for("rules.take", part=part),
        preview_href=url_for("rules.preview") if draft.profile is not None else "",
    )
    body = render_template(
        "rules/section.html",
        page=page,
        form=form,
        unfinished=unfinished,
        adding=_more(
            [(one, words.adding(one, draft.whole)) for one in addable(which, draft.whole)],
            draft.version,
        ),
        taking=_taken([(one.take, one.heading) for one in page.cards if one.take], draft.version),
    )
    return make_response(body, _UNFINISHED if unfinished else 200)


@blueprint.post(f"/<{_PART}:part>/add")
def add(part: str) -> Response:
    """One more of something, to be filled in."""
    which = Section(part)
    form = _more([(one, "") for one in addable(which, perform(rules_draft.show).whole)])
    if not form.validate():
        abort(404)
    perform(
        rules_draft.add,
        version=form.version.data or 0,
        section=which,
        what=str(form.what.data),
    )
    return _saved(url_for("rules.section", part=part))


@blueprint.post(f"/<{_PART}:part>/take")
def take(part: str) -> Response:
    """Take away something that was added."""
    draft = perform(rules_draft.show)
    there = groups(Section(part), draft.base, draft.whole)
    form = _taken([(".".join(one.path), "") for one in there if one.own])
    if not form.validate():
        abort(404)
    path = tuple(str(form.taken.data).split("."))
    perform(rules_draft.take, version=form.version.data or 0, path=path)
    return _saved(url_for("rules.section", part=part))


def _more(choices: list[tuple[str, str]], version: int | None = None) -> MoreForm:
    form = MoreForm(version=version)
    form.what.choices = list(choices)
    return form


def _taken(choices: list[tuple[str, str]], version: int | None = None) -> TakeForm:
    form = TakeForm(version=version)
    form.taken.choices = list(choices)
    return form


@blueprint.post("/discard")
def discard() -> Response:
    """Throw the draft away."""
    perform(rules_draft.discard, version=DecisionForm().version.data or 0)
    notify("draft_deleted")
    return make_response(redirect(url_for("rules.show"), 303))


@blueprint.post("/ask")
def ask() -> Response:
    """Ask a colleague's yes to exactly this."""
    form = AskForm()
    if not form.validate():
        draft = perform(rules_draft.show)
        return _overview(draft, _decision_form(draft), form)
    version, reason = form.version.data or 0, form.reason.data or ""
    return _stepped("rules_asked", rules_draft.ask, version=version, reason=reason)


@blueprint.post("/asked/<uuid:approval_id>/publish")
def publish(approval_id: uuid.UUID) -> Response:
    """Make exactly what was agreed to a version."""
    try:
        return _stepped("rules_published", rules_draft.publish, approval_id=approval_id)
    except ApprovalRefused as refused:
        if refused.code not in _TOO_LATE:
            raise
    return _not_done(url_for("rules.show"))


@blueprint.get("/preview")
def preview() -> str:
    """The action guide as it would be."""
    draft = perform(rules_draft.show)
    if draft.profile is None:
        abort(404)
    return _guide(
        draft.profile, url_for("rules.show"), lambda code: url_for("rules.preview", service=code)
    )


@blueprint.get("/asked/<uuid:approval_id>")
def proposal(approval_id: uuid.UUID) -> str:
    """What a colleague is asked to say yes to: everything that becomes another."""
    found = perform(rules_draft.proposal, approval_id=approval_id)
    page = ProposalPage(
        key=found.key,
        valid_from=found.profile.valid_from,
        changes=changes(found.changes),
        approval_href=url_for("approval.show", approval_id=approval_id),
        preview_href=url_for("rules.proposed_guide", approval_id=approval_id),
    )
    return render_template("rules/proposal.html", page=page)


@blueprint.get("/asked/<uuid:approval_id>/guide")
def proposed_guide(approval_id: uuid.UUID) -> str:
    """The action guide as it would be, for the one who is asked."""
    found = perform(rules_draft.proposal, approval_id=approval_id)
    back = url_for("rules.proposal", approval_id=approval_id)
    return _guide(
        found.profile,
        back,
        lambda code: url_for("rules.proposed_guide", approval_id=approval_id, service=code),
    )


@blueprint.get("/own-<int:own>.toml")
def file(own: int) -> Response:
    """A published version as a file, as `bti profile check` reads it."""
    response = make_response(perform(rules_draft.text, number=own))
    response.headers["Content-Type"] = "application/toml; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="own-{own}.toml"'
    return response


def _decision_form(draft: DraftPage) -> DecisionForm:
    stands = {one.name: getattr(draft.draft.decision, one.name) for one in fields(Decision)}
    return DecisionForm(version=draft.version, data=stands)


def _overview(draft: DraftPage, form: DecisionForm, asking: AskForm) -> Response:
    told = []
    for one in draft.faults:
        part = section_of(one.key)
        if part is None:
            told.append((_about_decision(one.key, words.fault(one)), "#decision"))
        else:
            href = url_for("rules.section", part=part.value)
            told.append((f"{words.whole(one.key.split('.'))}: {words.fault(one)}", href))
    page = OverviewPage(
        draft=draft,
        parts=tuple(
            PartLink(
                str(text),
                url_for("rules.section", part=part.value),
                sum(section_of(one.key) is part for one in draft.faults),
            )
            for part, text in words.SECTIONS.items()
        ),
        changes=changes(draft.changes),
        faults=tuple(dict.fromkeys(told)),
        versions=tuple(
            (one.key, one.valid_from, url_for("rules.file", own=one.version))
            for one in reversed(draft.published)
        ),
        preview_href=url_for("rules.preview") if draft.profile is not None else "",
        approval_href=url_for("approval.show", approval_id=draft.asked) if draft.asked else "",
    )
    status = _UNFINISHED if form.error_list() or asking.error_list() else 200
    body = render_template("rules/show.html", page=page, form=form, asking=asking)
    return make_response(body, status)


def _about_decision(key: str, fault: str) -> str:
    field = {"title": "title", "adopted": "adopted", "place": "place"}.get(
        key.rpartition(".")[2], "valid_from"
    )
    return f"{getattr(DecisionForm(), field).label.text}: {fault}"


def _named(draft: DraftPage, path: tuple[str, ...]) -> str:
    here: Any = draft.whole
    for key in path:
        here = here.get(key, {}) if isinstance(here, dict) else {}
    named = (
        here.get("name") or here.get("label") or here.get("title")
        if isinstance(here, dict)
        else None
    )
    return str(named.get(i18n.language(), "")) if isinstance(named, dict) else ""


def _guide(profile: Profile, back: str, address: Callable[[str], str]) -> str:
    page = guide_page(
        profile,
        municipality=g.actor.municipality,
        sector=sector_of(request.args.get("service", ""), Sector.SCHOOL.value),
        language=i18n.language(),
        address=address,
        back=back,
    )
    return render_template("pages/guide.html", page=page)


def _stepped(notice: str, act: Any, **values: object) -> Response:  # noqa: ANN401 - a workflow
    """Do what takes a fresh second factor, and say how it went."""
    here = url_for("rules.show")
    try:
        done = perform(act, **values)
    except StepUpNeeded:
        return make_response(redirect(url_for("confirm.show", next=here), 303))
    except RuleBroken:
        return _not_done(here)
    notify(notice)
    asked = isinstance(done, uuid.UUID)
    return make_response(
        redirect(url_for("approval.show", approval_id=done) if asked else here, 303)
    )


def _saved(href: str) -> Response:
    notify("saved")
    return make_response(redirect(href, 303))


def _not_done(href: str) -> Response:
    notify("not_done")
    return make_response(redirect(href, 303))
