"""First names and surnames in use in Norway, for finding what names a person in a text.

What Statistics Norway (SSB) publishes as the most used names (ssb.no, tables 10501 and 12891, NLOD 2.0)
is what the lists follow; with names that are common where Norwegian, Sámi and newer Norwegian families
live and that such a top list leaves out. Written down by hand, without counts, and never complete: what is
not here is found by its capital letter (``identifying``).
"""

from __future__ import annotations

from typing import Final


def words_in(*lines: str) -> frozenset[str]:
    """Return the words of some lines."""
    return frozenset(word for line in lines for word in line.split())


FIRST_NAMES: Final = words_in(
    # of men and boys
    "adam adrian ahmad ahmed aksel albert albin aleksander alexander alf alfred ali amir amund anders",
    "andre andré andreas ansgar anton are arild armin arne arnt aron arthur arve arvid asbjørn asgeir ask",
    "aslak atle audun august axel balder bastian ben bendik benjamin bent bernhard bernt birger birk bjarne",
    "bjarte bjørn bjørnar bo brage brede bror brynjar børge børre carl casper cato charlie christer",
    "christian christoffer christopher claus colin dag dagfinn dan daniel david dennis didrik eddie edgar",
    "edvard edvin egil eilif einar eirik eivind elias eliah elliot emil emrik endre erik erlend erling",
    "espen even fabian felix ferdinand filip finn fredrik fritz frode gabriel gard gaute geir georg gisle",
    "gjermund gorm gunnar gunnstein gustav gøran haakon haavard hallgeir hallvard halvard halvor hamza",
    "hans harald harry hassan havard helge henning henrik henry herman herbjørn hermann hugo hussein",
    "håkon håvard ibrahim inge ingolf ingvar isak iver ivar jack jacob jakob jakub jan jarl jarle jens jesper",
    "jim jo joachim joakim johan johannes john johnny jon jonas jonatan jonathan jone jostein julian jøran",
    "jørgen jørn kai karl karsten kasper kay kenneth kent ketil khalid kim kjartan kjell kjetil klaus knut",
    "konrad kristen kristian kristoffer kurt kyrre kåre lars lasse lavrans leander leif leo leon levi liam",
    "loke lucas ludvig lukas luka mads magne magnus marcus marius mark markus martin martinus mateo mathias",
    "matheo matias mats matti max melvin mikael mikal mikkel milian mohamed mohammad mohammed morten",
    "muhammad mustafa nicolai nicolas nikolai nikolas nils njål noa noah odd oddbjørn oddvar odin ola olai",
    "olav ole oliver omar omer oscar oskar osman otto ove patrick paul peder per peter petter philip preben",
    "pål ragnar ragnvald rasmus reidar remi richard roald roar robert robin roger rolf rolv ronny roy",
    "ruben rune runar salim sam samuel sander sebastian severin sigbjørn sigmund sigurd sigve simen simon",
    "sindre sivert sondre stefan steffen stein steinar sten stian storm svein sveinung sven sverre",
    "syver tage tarjei tellef teodor terje theo theodor thomas thor thorbjørn thore tim tobias tom tomas",
    "tommy tor torbjørn tord tore torfinn torgeir torkel torleif tormod torstein torvald trond truls trym",
    "trygve tyr ulf ulrik vebjørn vegar vegard vetle victor vidar viggo viktor vilhelm wilhelm william",
    "wilmer yngve yousef yusuf ånund ådne åge åsmund ørjan øivind øystein øyvind ánte máhtte niillas",
    # of women and girls
    "abida ada adele agnes agnete aina aisha alice alida alma alva amalie amanda amelia amina amira andrea",
    "ane ane-marte anette angela angelica anine anita anja ann anna anne anneli annette annicken annika anny",
    "arnhild asta astri astrid aud aurora aya barbro beate benedikte bente berit bertha birgit birgitte",
    "birgitta bjørg bodil borghild brit britt camilla carina caroline cathrine cecilie celine charlotte",
    "christin christina christine dagny dagrun daniella diana dina dorthe ea ebba edel edith eila eli eili eir",
    "eira elena elin elina eline elinor elisa elisabeth elise ella elle ellen ellie ellinor elna elsa else",
    "elvira embla emilia emilie emily emma emmeline emine erika erle ester eva evelyn evy fatima filippa",
    "fride frida frøya frøydis gerd gina gjertrud greta grete grethe gro gry guri gunhild gunn gunvor",
    "hafsa hanna hannah hanne hedda hedvig hege heidi helen helena helene helga helle hennie henriette herdis",
    "hermine hilda hilde hildegunn hjørdis iben ida ina inga ingeborg ingebjørg inger ingrid ingunn ingvild",
    "irene iris isabel isabell isabella iselin iman ine jannicke janne jasmin jeanette jenny jette johanne",
    "jorunn josefine judith julia juliane julie june juni kaia kaisa kaja kamilla karen kari karianne karin",
    "karina karine karoline katarina kathrine katja katrine khadija kine kirsten kirsti kjersti klara",
    "konstanse kristin kristina kristine lea leah leila lena leni lena-marie lene leona lilja lill lilli",
    "lillian lilly lin linda line linn linnea lisa lise lisbeth liv live liva live-marie lone lotta lotte",
    "louise lovise lucia luna lykke lærke madeleine magda magnhild mai maia maiken maja malene malin malla",
    "mari maria mariam mariann marianne marie marina marit marita marte martha marthe martine maryam mathea",
    "mathilde matilde maud may medina merete merethe mette mia michelle mie mille mina mira miriam mona",
    "monica monika märta máret natalia natalie nathalie nelia nelly nina nora norunn oda oddny oddrun olea",
    "olaug olga olivia oline othilie pauline pernille petra pia ragna ragnhild rakel randi ranveig rebecca",
    "rebekka reidun ria rikke rita ronja rosa runa ruth safiya saga sahra sana sandra sanna sanne sara",
    "sarah savannah selma serina sidsel sigrid sigrun signe silja silje siri siril siv snefrid sofia sofie",
    "sol solfrid solrun solveig sonja sophia sophie stella stine sumaya sunniva susann susanne svanhild",
    "sylvi sylvia synne synnøve sølvi tale tanja tara tea thale thea therese tia tina tine tiril toini",
    "tomine tone tonje tora torhild torill torunn tove trine trude tuva turid tyra unn unni ursula valborg vanja",
    "vanessa vera veronica veronika vibeke victoria viktoria vilde vigdis viola vivian vår wenche ylva yrsa",
    "yvonne zahra zainab zara åse åshild åslaug åsne ása áile",
)

SURNAMES: Final = words_in(
    "aas aasen aasland abdi abdullah abdullahi ahmadi ahmed ali alvestad amundsen andersen andersson",
    "andreassen antonsen arnesen aune bakke bakken bakkerud bang berg berge berget berggren bergersen",
    "berntsen birkeland bjerke bjørnstad bjørge boge bråten brekke brenden breivik bruun bråthen bugge",
    "bø børresen carlsen christensen christiansen christoffersen dahl dahle dalen dale danielsen davidsen",
    "edvardsen egeland eide eidsvik eikeland eilertsen ellingsen elstad engen enger engebretsen eriksen",
    "espeland evensen farah farstad fjeld fjeldstad fjellheim foss fossum fredriksen frantzen fuglestad",
    "gabrielsen gjerde gjertsen grande grimstad gulbrandsen gundersen gustavsen haaland haavik hagen haga",
    "halvorsen hammer hamre hansen hanssen hauge haugen haugland hassan hegge helgesen helland henriksen",
    "hermansen hessen hoel hoff holen holm holmen hovland hussain hussein håland høiland ibrahim ingebrigtsen",
    "isaksen iversen jacobsen jakobsen jama jensen jenssen jeppesen johannesen johannessen johansen johnsen",
    "jonassen jørgensen karlsen khan kleiven klausen knudsen knutsen kolstad kowalski kristensen kristiansen",
    "kristoffersen kvam kvamme kvale langeland larsen larssen lervik lie lien lindberg lindseth lorentzen",
    "lund lunde løken magnussen martinsen mathisen mathiesen mikalsen mikkelsen moen moe mohamed mohammed",
    "monsen mortensen myhre myhren myklebust myrvold næss ness nguyen nikolaisen nilsen nilssen nordby nordli",
    "nordmann nygaard nygård ness næsheim olsen omar ommundsen opdal osman ottesen paulsen pedersen persson",
    "pettersen petersen rasmussen reiersen riise rognstad roland ruud rustad røed rønning sagen samuelsen",
    "sande sandberg sandvik schmidt sivertsen simensen simonsen skaar skogen skoglund solbakken solberg solheim",
    "solli sognnes stene stenersen stokke strand strøm strømme sunde svendsen sveen syversen syvertsen sæther",
    "sætre sørensen sørli tangen thomassen thoresen thorsen torgersen torp tran tveit tømmervik tønnessen",
    "ulriksen utne vatne vestby viken vik vold wang warsame wiik wilhelmsen yilmaz ødegaard ødegård østby",
    "østvik øverland åsen aslaksen haug skog bakk haugan huse nes sand holt moa sara somby utsi eira gaup",
)

EVERYDAY: Final = words_in(
    # Names that are words too. Small letters, and first in a sentence, they are taken for the word.
    "aksel andre ane anna are arve ask august ben bent bjørn bo bror dag dale dina ester finn gard gro gry hammer",
    "edel helga helge helle inga inge iris iver jan jarl jo juni kai kaia kåre lene lill lin line lise liv live",
    "lotte lucia lykke lærke mai mark max may mette mina mille odd per pål rikke roar rosa rune saga",
    "sam signe siv sol stein sten storm svein tale tea tia tim tine tom tone tor tora tore tyr unn viola vår",
    "åse",
    "bakk bakke bakken bang berg berge berget bjerke brekke bråten bø dahl dalen eide engen enger fjeld foss",
    "fossum gaup grande haga hagen hamre haug haugen hauge hoff holen holm holmen holt hovland huse lie lien",
    "lund lunde løken moa moe moen nes ness nordby nordli rustad sagen sand sande sandvik skaar skog skogen",
    "skoglund solbakken solli stokke strand strøm sunde sveen tangen torp tran vik vold åsen østby",
)
