"""What may stand before a full stop without ending a sentence, and what usually begins one.

Hand-kept for news: the ranks, titles, months, places and company forms of agency copy, and the commonest
abbreviations of the other languages that the wire carries. Keys are in lower case without the last full stop.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name or a figure always follows these, so that even "The" after them begins nothing.
NEVER_END = _words(
    "mr mrs ms mx dr prof messrs mme mmes mlle sra srta dra ud uds lic exmo exma ilmo sig dott dhr mevr mw hr fr"
    " gen lt sgt capt cpl maj adm cmdr cdr pvt col lieut sen rep gov pres rev hon supt det insp amb atty"
    " asst assoc dep"
    " vs cf e.g i.e viz approx ca bzw z.b d.h u.a evtl ggf inkl sog vgl p.ej m.in tzw np"
    " doç yrd öğr uzm av tp pgs ths drs med avv ul вул просп डॉ प्रो им ул пр проф акад доц тов см"
    " ст стр тел ee ts"
)

# Where these are written small they are words of their own ("one more rep.").
ONLY_CAPITALIZED = _words(
    "ts gen maj adm col sen rep gov pres rev hon det amb fr hr dep mw av tp lic capt lt ms np ca mx"
)

# These stand before a number ("No. 1", "pp. 12-14"); before anything else they may end a sentence.
BEFORE_NUMBERS = _words(
    "no nos nr núm num n fig figs art arts pp p pg vol vols ch sec para abs eq op pos tel pág págs str"
    " kl godz ca est proz ft lb lbs oz yd hrs min max rok"
    " jan feb mar apr jun jul aug sep sept oct nov dec"
)

# These stand inside a name or at a sentence's end; only a word that begins sentences tells.
MAY_END = _words(
    "inc ltd co cos corp llc plc bros jr sr esq etc al st ste mt ft pt ave blvd rd hwy dept univ assn bldg"
    " apt intl natl"
    " dist mfg gmbh kg ag şti ltda cía cia sa nv bv oy ab"
    " mon tue tues wed thu thurs fri sat sun"
    " ala ariz ark calif colo conn del fla ga ill ind kan ky la mass md me mich minn miss mo mont neb nev okla ore"
    " pa penn tenn tex va vt wash wis wyo alta ont que sask"
    " min max est mio mrd tsd usw jh jhd bd hrsg mah cad sok jl bhd tbk dll dkk"
    " г гг в вв т.д т.п т.е др руб коп тыс млн млрд обл респ гр"
)

# Small, these are ordinary words, or too short to tell.
MAY_END_CAPITALIZED = _words(
    "co cos al st ste mt ft pt sat sun mon wed ill ind la mass me miss mo ore pa wash del ark ga va"
    " kan ont que ag sa ab oy min max est md kg cad mah sok dist ave str"
)
NEVER_CAPITALIZED = _words("al")

# "hepatitis A. The", "World War I. But": a letter after these is no initial.
LETTERED = _words(
    "hepatitis vitamin plan group type class grade section appendix war influenza category phase model unit"
    " block line"
    " terminal part schedule exhibit division league series channel level tier"
)

# After "5 p.m." these carry on the time.
AFTER_TIME = _words(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december et est edt ct cst cdt mt mst mdt pt pst pdt gmt utc bst cet cest"
    " ist kst jst"
    " msk eet aest eastern central pacific mountain local greenwich moscow beijing"
)

STARTERS = _words(
    # English
    "The A An He She It They We You I His Her Its Their Our My This That These Those There Here In On At By"
    " For From To"
    " With Without After Before Since Until During While When Where Why How What Who Which As If Though"
    " Although Because"
    " But And Or So Yet Nor However Meanwhile Also Then Now Still Even Despite According Earlier Later Last Both Each"
    " All Some Many Most Several Nobody Everyone Someone"
    " Another Other Others One Two Three No Not Only Under Over Among Between"
    " Police Officials"
    " Authorities Asked Instead Moreover Once About More Nearly Almost Is Are Was Were Has Have Had Do Does Did Can"
    # Spanish, Portuguese, French, Italian
    " Los Las Un Una Unos Este Esta Estos Esto Él Ella Según Pero También Además Sin Por Para Con Cuando"
    " Como Desde Hasta"
    " O Os As Um Uma Ele Ela Eles Elas Mas Segundo Em No Na Nos Nas Ao Para Com Quando Não Il Elle Ils Elles"
    " Le Les L Une"
    " Des Ces Cette Ce Mais Selon Dans Pour Avec Après Avant Depuis C D En Lo Gli Uno Questo Questa Secondo"
    " Ma Nel Nella"
    # German, Dutch
    " Der Die Das Den Dem Er Sie Es Wir Ich Ein Eine Einen Einer Im Am Bei Mit Nach Vor Zum Zur Auch Aber"
    " Doch Dann Damit"
    " Niemand Keiner Jeder Viele"
    " Dies Diese Dieser Dieses So Wie Wenn Als Nun Seit Für Laut De Het Een Hij Zij Ze Maar Ook Volgens"
    # Turkish, Indonesian
    " Bu Bir Ancak Ayrıca Ama Fakat Ve Daha İki Sonra Dia Ia Mereka Ini Itu Namun Tetapi Menurut Dalam Pada"
    " Untuk Sementara"
    # Russian
    " Он Она Оно Они Мы Это Этот Эта В Во На По При С Со Но А И Однако Также Как Когда После Для Из У За О Об"
)

# Before a number these begin no sentence: "Cad. No. 5".
NUMBERED = _words("No Nos Nr Num Núm")

# An exclamation mark that belongs to the name.
EXCLAIMING_NAMES = _words("yahoo jeopardy wham oklahoma guess joomla")

# Languages that write ordinals as figure and full stop ("12. Bölge", "am 3. Oktober").
ORDINAL_LANGUAGES = _words("de tr cs sk da no nb nn fi hu hr sl sr bs et lv is az tk lb")

# What follows a quotation that ends in "?" or "!" when the sentence goes on: "Smith said".
SPEECH_VERBS = _words(
    "said says asked asks told tells wrote writes added adds shouted cried tweeted replied wondered"
    " exclaimed joked quipped"
    " yelled screamed recalled recalls answered explained explains insisted posted"
)


def shortens(token: str) -> bool:
    """Whether `token`, without its last full stop, is an abbreviation as datelines have them."""
    return "." in token or len(token) == 1 or token.lower() in MAY_END or token.lower() in NEVER_END
