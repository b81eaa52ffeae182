"""The children of the demonstration and what their cases are about. All of it is made up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from bti.cli.demo_beginning import Plot
from bti.cli.demo_people import Child, synthetic_number
from bti.domain.codes import Arena, ConcernCategory, MeasureType, Party

_DAYS_IN_YEAR: Final = 365.25

_ABSENCE = ConcernCategory.ABSENCE
_LEARNING = ConcernCategory.LEARNING
_SOCIAL = ConcernCategory.SOCIAL
_BULLYING = ConcernCategory.BULLYING
_MENTAL = ConcernCategory.MENTAL_HEALTH
_BEHAVIOUR = ConcernCategory.BEHAVIOUR
_FAMILY = ConcernCategory.FAMILY
_HEALTH = ConcernCategory.HEALTH
_DIGITAL = ConcernCategory.DIGITAL
_LEISURE = ConcernCategory.LEISURE


def child(
    today: date,
    name: str,
    age: float,
    group: str,
    *guardians: tuple[str, str],
    numbered: bool = False,
) -> Child:
    """A child who is about this old on ``today``; ``numbered`` gives a synthetic national id."""
    born = today - timedelta(days=round(age * _DAYS_IN_YEAR))
    return Child(name, born, group, guardians, synthetic_number(born) if numbered else "")


MORNINGS: Final = Plot(
    seen="Kommer etter at timen har begynt tre av fem dager, og er trøtt de to første timene. "
    "Arbeider godt når dagen er i gang.",
    about=(_ABSENCE, _LEARNING),
    child_says="«Jeg får ikke sove, og da rekker jeg ikke bussen.»",
    guardians_say="Vi kjenner igjen morgenene og vil gjerne finne ut av det sammen med dere.",
    goal="Er på plass til første time minst fire dager i uka.",
    measure="Fast voksen om morgenen",
    how="En voksen venter ved inngangen kl. 8.15 og blir med til klasserommet.",
    responsible="Kontaktlæreren",
)
HOMEWORK: Final = Plot(
    seen="Har sluttet å levere inn arbeid. Sier at alt er gjort, men finner det ikke frem.",
    about=(_LEARNING,),
    child_says="«Jeg skjønner ikke hvor jeg skal begynne.»",
    guardians_say="Vi ser at det blir krangling om lekser hver kveld.",
    goal="Leverer minst tre av fire oppgaver.",
    measure="Tilpasset lekseplan",
    kind=MeasureType.ADAPTATION,
    how="Kortere oppgaver, og ti minutter sammen med en voksen før skoleslutt.",
    responsible="Kontaktlæreren",
)
READING: Final = Plot(
    seen="Leser langt under det vi venter på trinnet, og finner andre ting å gjøre i lesetimen.",
    about=(_LEARNING,),
    child_says="«Bokstavene hopper.»",
    guardians_say="Hun liker å høre på historier, men vil ikke lese selv.",
    goal="Leser en kort tekst høyt uten å gi opp.",
    measure="Lesekurs i liten gruppe",
    how="Fire økter i uka i åtte uker, med bøker hun velger selv.",
    responsible="Kontaktlæreren",
)
ALONE: Final = Plot(
    seen="Går alene i friminuttene og sier nei når andre spør. Var mye sammen med to andre i fjor.",
    about=(_SOCIAL, _MENTAL),
    child_says="«De andre har fått nye venner.»",
    guardians_say="Vi merker at hun er mer for seg selv, også hjemme.",
    goal="Har noen å være sammen med i storefri.",
    measure="Vennegruppe med helsesykepleier",
    how="Fem jenter møtes hver onsdag og planlegger noe sammen.",
    kind=MeasureType.CONVERSATION,
    responsible="Helsesykepleieren",
)
ANGER: Final = Plot(
    seen="Blir fort sint når noe endrer seg, og går ut av rommet. Kommer alltid tilbake selv.",
    about=(_BEHAVIOUR,),
    child_says="«Det blir for mye lyd.»",
    guardians_say="Hjemme går det bedre når vi sier fra på forhånd.",
    goal="Kan ta en pause før det blir for mye.",
    measure="Pausekort og fast plass",
    how="Et kort på pulten, og et rolig rom ved siden av klasserommet.",
    responsible="Kontaktlæreren",
)
SCREENS: Final = Plot(
    seen="Sovner i timen etter lunsj, og forteller om spilling til langt på natt.",
    about=(_DIGITAL, _HEALTH),
    child_says="«Det er da vennene mine er på.»",
    guardians_say="Vi har prøvd å slå av nettet, og det endte i krangel.",
    goal="Legger seg før kl. 23 på skoledager.",
    measure="Søvnavtale hjemme",
    how="Familien har en avtale som de ser på sammen hver søndag.",
    arena=Arena.HOME,
    kind=MeasureType.ADAPTATION,
    party=Party.GUARDIAN,
    responsible="Foresatte",
)
WORRIED: Final = Plot(
    seen="Har vondt i magen før prøver og ringer hjem. Gråt to ganger forrige uke.",
    about=(_MENTAL, _HEALTH),
    child_says="«Jeg er redd for å gjøre feil.»",
    guardians_say="Hun sover dårlig og snakker mye om skolen.",
    goal="Klarer å bli hele skoledagen.",
    measure="Samtale annenhver uke",
    how="En halv time om det som er vanskelig, og hva som hjelper.",
    arena=Arena.HEALTH,
    kind=MeasureType.CONVERSATION,
    responsible="Helsesykepleieren",
)
TWO_HOMES: Final = Plot(
    seen="Er stille de dagene det er bytte mellom hjemmene, og har ofte ikke med det han trenger.",
    about=(_FAMILY,),
    child_says="«Jeg glemmer alltid noe hos den andre.»",
    guardians_say="Vi har det travelt begge to, og vil gjerne gjøre byttet lettere.",
    goal="Har med seg det han trenger, og er glad i starten av uka.",
    measure="Felles ukeplan for to hjem",
    how="Skolen sender samme plan til begge, og han har et sett med bøker hvert sted.",
    arena=Arena.HOME,
    kind=MeasureType.GUIDANCE,
    party=Party.GUARDIAN,
    responsible="Begge foresatte",
)
LANGUAGE: Final = Plot(
    seen="Sier få ord, og blir ivrig når vi bruker bilder. Leker mest ved siden av de andre.",
    about=(_LEARNING, _SOCIAL),
    child_says="Pekte på bildet av sandkassen og smilte.",
    guardians_say="Vi snakker to språk hjemme og lurer på hva som er vanlig.",
    goal="Tar kontakt med andre barn i lek.",
    measure="Lekegruppe med bilder",
    how="Tre barn og en voksen, hver dag før lunsj.",
    arena=Arena.KINDERGARTEN,
    responsible="Pedagogisk leder",
)
TEASED: Final = Plot(
    seen="Blir kalt ting i garderoben. To andre elever har fortalt det til oss.",
    about=(_BULLYING,),
    child_says="«Jeg tør ikke dusje der.»",
    guardians_say="Vi er glade for at dere tar tak i det med en gang.",
    goal="Er trygg i garderoben og i friminuttene.",
    measure="Voksen i garderoben",
    how="En voksen er til stede før og etter gym, og vi snakker med gruppen.",
    responsible="Rektor",
)
DROPPED_OUT: Final = Plot(
    seen="Har sluttet på fotball og kommer ikke lenger på klubben. Henger alene ved senteret.",
    about=(_LEISURE, _SOCIAL),
    child_says="«Det ble for dyrt, og så var det litt flaut.»",
    guardians_say="Vi har lite penger nå, og det er vanskelig å si det høyt.",
    goal="Er med på noe han liker en gang i uka.",
    measure="Fritidskort og følge til klubben",
    how="Klubben dekker utstyr, og en voksen blir med de første gangene.",
    arena=Arena.LEISURE,
    kind=MeasureType.BELONGING,
    responsible="Ungdomsarbeideren",
)
MANY_THINGS: Final = Plot(
    seen="Fraværet har økt fra fem til tjue dager, og han orker lite når han er her. "
    "Han er blid og gjør seg flid når han først er i gang.",
    about=(_ABSENCE, _MENTAL, _HEALTH),
    child_says="«Jeg vil, men kroppen vil ikke.»",
    guardians_say="Vi er slitne og trenger at noen holder i trådene.",
    goal="Er på skolen tre dager i uka, og har det bra der.",
    measure="Kortere dager med fast voksen",
    how="To timer om dagen til å begynne med, i et rom han har valgt selv.",
    responsible="Kontaktlæreren",
)

ABSENCE: Final = (
    "Fraværsoversikt (oppdiktet)",
    "Lindvik ungdomsskole, 8B",
    "Uke 36: for sent mandag og onsdag",
    "Uke 37: borte torsdag",
    "Uke 38: for sent hver dag, oftest 20 minutter",
    "Uke 39: i tide fire av fem dager",
)
"""A paper of a child who does not exist."""
