"""Openings that refer to what was said before: pronouns and connectives, language by language.

After the incomplete-discourse and incomplete-coreference errors of "Extractive is not Faithful" (Zhang, Wan and
Bansal, 2022): a sentence that opens so reads wrongly when the sentence before it is left out.
"""

import re

_QUOTES = r"[\s\"'“”‘’«»„「『《(\[—–\-•*]*"
_SAYING = (
    "said|says|added|adds|told|tells|wrote|writes|explained|explains|noted|notes|continued|continues|recalled|recalls"
    "|insisted|insists|argued|argues|claimed|claims|stressed|warned|warns|admitted|admits|asked|asks|replied|tweeted"
    "|concluded|joked|remarked|urged|pointed|stated|went|suggested|revealed|acknowledged|testified|declared|answered"
)

_ENGLISH = (
    # Connectives
    r"(?:But|And|So|Yet|Or|Nor|However|Meanwhile|Also|Then|Therefore|Thus|Still|Instead|Moreover|Furthermore|Besides"
    r"|Nevertheless|Nonetheless|Additionally|Otherwise|Consequently|Hence|Likewise|Similarly|Indeed|Finally|Later"
    r"|Afterwards?|Subsequently|Conversely|Accordingly|Regardless|Plus|Alternatively|Ultimately|Thereafter|Thereby"
    r"|Second|Secondly|Third|Thirdly|Next|Previously|Rather|Overall|Further|Worst|Anyway"
    r"|Eventually|Again|Too|Because of (?:this|that)|Despite (?:this|that|these|those)|For (?:example"
    r"|instance|his part"
    r"|her part|their part|its part|that|this)|In (?:addition|fact|turn|contrast|response|return|other words"
    r"|that case"
    r"|this case|both cases|this way|that way|the meantime|the process)|As (?:a result|such|well|for)|On the (?:other"
    r"|contrary)|By (?:contrast|comparison|then|that time)|At (?:the same|that) (?:time|point|moment)"
    r"|After (?:that|this"
    r"|all)|Since then|Until then|Before (?:that|this|then)|That said|Even (?:so|then|worse|better)|Of course"
    r"|To that end"
    r"|Not only that|Worse|What's more|What is more|All of (?:this|that|these|them)|Some of (?:them|these"
    r"|those)|One of"
    r" (?:them|these|those)|Many of (?:them|these|those)|Most of (?:them|these|those)|None of (?:them|these"
    r"|those)|Both of"
    r" (?:them|these|those)|Either way|In the end|If so|Not so|If not|Among (?:them|those|these)|Like (?:him"
    r"|her|them)"
    r"|According to (?:him|her|them)|Asked (?:if|whether|why|what|how|about)|With that|Under (?:that|this"
    r"|those|these))"
    # Pronouns
    r"|(?:He|She|They|It|His|Her|Their|Its|Him|Them|Hers|Theirs|Himself|Herself|Themselves|Those|That|These"
    r"|This|Such)"
)
_ENGLISH_WEAK = (
    r"(?:Both|Neither|Either|Another|Others|Here|Elsewhere|Now|Same"
    r"|The (?:pair|couple|duo|trio|others?|former|latter|same|rest|first|second|third|last|next|group's|two|three|four"
    r"|five)"
    r"|The (?:(?:two|three|four|five|young|elderly|alleged) )?(?:m[ae]n|wom[ae]n|boys?|girls?|teen|teenagers?|children"
    r"|suspects?|victims?|drivers?|officers?|actor|actress|singer|group|team|company|firm|agency|club|family|incident|move"
    r"|ruling|decision|statement|report|study|letter|video|attack|attacks|accident|crash|shooting|fire|deal)"
    r"(?! (?:who|that|of|from|behind|whose|accused|charged)\b))"
)
_TIMES = (
    r"(?:year|month|week|weekend|summer|spring|fall|autumn|winter|morning|afternoon|evening|season|century"
    r"|decade|Monday"
    r"|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September"
    r"|October|November|December|Christmas|Easter)"
)

_OPENERS = {
    "es": r"(?:Él|Ella|Ellos|Ellas|Pero|Sin embargo|Además|También|Así|Por (?:eso|ello|lo tanto|tanto"
    r"|su parte|otro lado|otra"
    r" parte)|Entonces|No obstante|Asimismo|Mientras tanto|Esto|Eso|Ello|Est[eao]s?|Es[eao]s?|Aquel|Y|O|Luego|Después"
    r"|Aun así|Incluso|Su|Sus|Dich[oa]s?|A su vez|En (?:cambio|consecuencia|tanto|ese|esa|este)|De hecho|Finalmente)",
    "fr": r"(?:Il|Elle|Ils|Elles|Mais|Cependant|Toutefois|Pourtant|Ainsi|Donc|Et|Or|Ce|Cet|Cette|Ces|Cela"
    r"|C'est|C’est|Ceci"
    r"|Celui-ci|Celle-ci|Ceux-ci|Par ailleurs|En (?:outre|effet|revanche)|De plus|Néanmoins|Ensuite|Puis"
    r"|Enfin|Son|Sa|Ses"
    r"|Leurs?|Aussi|Alors|Selon (?:lui|elle|eux)|Pour (?:lui|elle|sa part)|De (?:son|leur) côté|Dans ce)",
    "de": r"(?:Er|Sie|Es|Ihm|Ihr|Ihre|Ihren|Sein|Seine|Seinen|Aber|Doch|Jedoch|Allerdings|Außerdem|Zudem"
    r"|Dennoch|Trotzdem"
    r"|Deshalb|Daher|Darum|Dabei|Damit|Dafür|Dagegen|Daraufhin|Danach|Dann|Davon|Darauf|Dort|Dies"
    r"|Diese[rnms]?|Und|Oder"
    r"|Denn|Das (?:ist|sei|war|sind|waren|hat|wird)|Auch|So|Hinzu|Zugleich|Gleichzeitig|Schließlich"
    r"|Stattdessen|Beide)",
    "it": r"(?:Egli|Ella|Lui|Lei|Loro|Essi|Ma|Però|Tuttavia|Inoltre|Quindi|Così|E|Quest[oaie]|Quell[oaie]|Ciò|Intanto"
    r"|Infatti|Anche|Poi|Infine|Suo|Sua|Dunque|Secondo lui|Secondo lei)",
    "pt": r"(?:Ele|Ela|Eles|Elas|Mas|Porém|Contudo|Entretanto|No entanto|Além d(?:isso|isto)|Também|Assim"
    r"|Portanto|E|Isso"
    r"|Isto|Est[ea]s?|Ess[ea]s?|Ainda assim|Por (?:isso|sua vez|outro lado)|Segundo el[ea]|Já|Depois"
    r"|Em seguida|Seu|Sua)",
    "nl": r"(?:Hij|Zij|Ze|Het|Maar|En|Ook|Echter|Toch|Daarom|Bovendien|Daarnaast|Dit|Dat|Deze|Die|Dus|Daarna"
    r"|Vervolgens"
    r"|Zijn|Haar|Hun|Volgens (?:hem|haar|hen))",
    "tr": r"(?:O|Onlar|Onun|Ona|Ancak|Ama|Fakat|Ayrıca|Bu|Bunun|Bunu|Bunlar|Buna|Bundan|Bunlara|Böyle|Böylece"
    r"|Öte yandan"
    r"|Bununla|Dolayısıyla|Ve|Daha sonra|Sonra|Yine|Üstelik|Söz konusu|Şöyle|Ardından|Kendisi|Aynı zamanda|Şu|Diğer)",
    "ru": r"(?:Он|Она|Оно|Они|Его|Её|Ее|Их|Но|Однако|Также|Кроме|Поэтому|При (?:этом|том)|Это|Этот|Эта|Эти"
    r"|Этого|Так|И|А"
    r"|Между тем|Тем не менее|Затем|После этого|Тогда|По (?:его|ее|её|их)|В (?:то же|этом|этой)|Об этом"
    r"|Впрочем|Более того)",
    "uk": r"(?:Він|Вона|Воно|Вони|Його|Її|Їх|Але|Однак|Також|Крім|Тому|При цьому|Це|Цей|Ця|Ці|Так|І|А|Проте"
    r"|Потім|За його)",
    "id": r"(?:Dia|Ia|Mereka|Beliau|Namun|Tetapi|Tapi|Selain itu|Sementara itu|(?:Oleh k|K)arena itu|Kemudian"
    r"|Lalu|Ini|Itu"
    r"|Hal (?:ini|itu|tersebut)|Dan|Menurutnya|Katanya|Meski (?:begitu|demikian)|Bahkan|Padahal|Sebelumnya"
    r"|Akibatnya)",
    "vi": r"(?:(?:Ông|Bà|Anh|Chị|Cô|Cậu)(?= [^\W\dA-ZĐÂĂÊÔƠƯÁÀẢÃẠ])|Họ|Nó|Tuy nhiên|Nhưng|Ngoài ra|Đồng thời"
    r"|Bên cạnh đó|Sau đó"
    r"|Do đó|Vì vậy|Vì thế|Trong khi đó|Và|Điều (?:này|đó)|Theo đó|Trước đó|Cũng|Đây|Đó|Theo (?:ông|bà|anh"
    r"|chị)(?= [^\W\dA-Z]))",
    "ar": r"(?:لكن|ولكن|إلا أن|كما|وأضاف|وأضافت|وأوضح|وأوضحت|وأكد أن|وأشار إلى|وتابع|هو|هي|هم|وهو|وهي|ومع ذلك"
    r"|وبالتالي"
    r"|بالإضافة إلى ذلك|وذلك|هذا|هذه|وهذا|وهذه|وكان قد|وكانت قد|فيما|بينما)",
    "fa": r"(?:او|وی|آنها|اما|ولی|همچنین|این|آن|و|بنابراین|با این حال|وي)",
    "hi": r"(?:वह|वे|उन्होंने|उसने|उनका|उनके|उनकी|उन्हें|लेकिन|हालांकि|इसके|यह|ये|इस|इन|इसी|और|मगर|इसलिए|वहीं"
    r"|साथ ही|इससे)",
    "pl": r"(?:On|Ona|Ono|Oni|Jego|Jej|Ich|Ale|Jednak|Także|Również|Ponadto|Dlatego|To|Ten|Ta|Te|I|A|Potem"
    r"|Następnie|Natomiast)",
}

# Scripts in which a word is not set off by a space have their own lists, matched as beginnings.
_GLUED_OPENERS = {
    "ko": r"(?:그(?:는|가|의|녀|들|를|에게|와|도)(?=[\s은는이가의를도에])|그\s|이(?:는|에|를|로|와|로써|들은"
    r"|들이|것|에 따라|와 함께|같은)\s"
    r"|이 (?:같은|에|때|중|외|밖|과정|가운데|대통령은 이어)|그러나|하지만|그런데"
    r"|그리고|그래서|그러면서|그러자|그렇지만|그럼에도|그 결과"
    r"|또\s|또한|한편|이어\s|이어서|따라서|반면|다만|아울러|게다가|더구나|더욱이|이처럼|이런|이러한|그런|그러한|이렇게|이후\s|당시\s"
    r"|이를|이로|즉\s|때문에\s|이 때문|이밖에|이 밖에|결국\s|특히 그"
    r"|이날\s(?:그|두)|양측|두 사람|저는|제가|나는|내가|우리는)",
    "zh": r"(?:[他她它](?:们|們)?|这|這|该(?!国)|該|此外|此举|此舉|此时|此次|此前?他|但|然而|不过|不過"
    r"|而(?!立)|因此|因而|所以|于是|於是|同时|同時"
    r"|另外|随后|隨後|其(?!实|實)|对此|對此|为此|為此|另一方面|与此同时|與此同時|并且|並且|并|並|也|还(?!有)"
    r"|還|据此|據此|后者|後者|前者|两人|兩人"
    r"|双方|雙方|两者|兩者|那(?!曲)|之后|之後|后来|後來|接着|接著|最后|最後|除此|由此|由于此|由於此|尽管如此"
    r"|儘管如此|即便如此|如此|换句话说|換句話說|总之|總之|例如"
    r"|比如|事实上|事實上|此)",
    "ja": r"(?:彼|これ|それ|この(?!ほど)|その|こうした|そうした|こう|そう|しかし|だが|ただ|また|さらに|そして"
    r"|そのため|このため|一方|同(?:氏|社|日|省|相|庁|紙|局"
    r"|党|市|県|署|町|村|年|月|国|大|事件|法|誌)|なお|ところが|つまり|したがって|しかも|ここ|そこ|あの|けれど"
    r"|でも|すると|続いて|加えて|両(?:氏|者|国|社|首脳)"
    r"|いずれ|以上|とはいえ|もっとも|むしろ|ほかに|このほか)",
}

_BOUNDARY = r"(?![\w\-])"
_HARD = {
    **{language: re.compile(_QUOTES + f"(?:{words}){_BOUNDARY}") for language, words in _OPENERS.items()},
    **{language: re.compile(_QUOTES + words) for language, words in _GLUED_OPENERS.items()},
    "en": re.compile(_QUOTES + f"(?:{_ENGLISH}){_BOUNDARY}"),
}
_WEAK = re.compile(_QUOTES + f"(?:{_ENGLISH_WEAK}){_BOUNDARY}")
_SUBORDINATE = (
    "After|As|When|While|Before|If|Although|Though|Because|Since|Until|Once|In|On|At|With|For|By|From|During|Despite"
    "|According|Like|Speaking|Of|Under|Among|Without|Unlike|Following|Asked|Today|Last|Earlier|Early|Just|Only|Even|To"
    "|Within|Through|Throughout|Over|Upon|Where|Whether|What|Why|How|Perhaps|Maybe|Sometimes|Soon|Now|Two|One|Three|Some"
    "|Most|Many|Part|Had|Were|Not|Never|There|Days|Hours|Weeks|Months|Years|Described"
)
_EARLY = re.compile(
    rf"{_QUOTES}(?:{_SUBORDINATE})\b"
    r"(?P<between>[^A-Z\"“]{0,70}?)\b(?:he|she|they|him|her|them|his|their)\b(?P<rest>[^,]{0,60},?\s*)"
)
# "This week" and "There is" in the languages that have them: pronouns in form, but they refer to nothing.
_TIMELY = re.compile(
    rf"{_QUOTES}(?:(?:This|These|Later this) (?:\w+ )?{_TIMES}|Est[ea] (?:año|semana|lunes|martes)"
    r"|Bu (?:yıl|sabah|hafta|akşam|gece)|(?:Ce|Cette) (?:semaine|année|lundi|mardi|jeudi)"
    r"|Es gibt|Il y a|Il faut)\b"
)
# Who a pronoun later in the sentence may stand for: a name, or one of these words.
_PERSON = re.compile(
    # A class of letters comes first, and then what stands before it: the search skips all other letters so.
    r"[hHsStT](?<!\w.)(?:(?<=[hH])(?i:e|im|er|is|ers|e's|e’s)|(?<=[sS])(?i:he|he's|he’s)"
    r"|(?<=[tT])(?i:hey|hem|heir|hey're|hey’re))\b"
)
_SOMEBODY = re.compile(
    r"\b(?:(?:wo)?m[ae]n|boys?|girls?|mother|father|mum|mom|dad|wife|husband|son|daughter|brother|sister|friends?|couple"
    r"|people|parents?|child(?:ren)?|students?|police|officers?|officials?|family|families|teachers?|doctors?|patients?"
    r"|act(?:or|ress)|singer|president|minister|victims?|someone|anyone|everyone|nobody|who|those|teenagers?|soldiers?"
    r"|leaders?|lawyers?|judge|customers?|team|drivers?|players?|[a-z]{3,}ists?|[a-z]{3,}ians)\b"
)
_SEVERAL = re.compile(r"\b[A-Za-z]{2,}(?:[^sui\W]s|ies)\b")
_NAME = re.compile(
    rf"\b(?!(?:{_SUBORDINATE}|The|A|An|Starting|Having|Being|But|And|So|I|We|You|It|This|That|These|Those|Another|Both"
    r"|Every|Each|All|Any|More|Nearly|Almost|About|Whatever|Yesterday|Back|Then|Again|Also|No|(?:Mon|Tues|Wednes|Thurs"
    r"|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October|November|December)\b)[A-Z]"
)
_NAMED_AFTER = re.compile(r"[^,]{0,60},\s+(?:[a-z][\w-]* ){0,4}[A-Z]")
_SAID_ALOUD = re.compile(r"[\"“][^\"”]*[\"”]?")
_LEAD = re.compile(
    _QUOTES
    + r"(?:It(?:'s|’s| is| was| has been| had been| will be| took| takes| seems| appears| may| might| could| would)"
    r"|This (?:is|was)|These are|Later this|Finally)\b"
)
_SPEAKER = re.compile(
    rf"[,\"”’?!]\s*(?:he|she|they|it)\s+(?:\w+ly\s+|also\s+|has\s+|had\s+)?(?:{_SAYING})\b"
    rf"|[,\"”’?!]\s*(?:{_SAYING})\s+(?:he|she)\b"
)
_SPEAKERS = {
    "zh": re.compile(
        r"[，。”」][他她](?:们|們)?(?:还|也|又|進一步|进一步)?"
        r"(?:说|說|表示|指出|强调|強調|称|稱|补充|補充|认为|認為|告诉|告訴)"
    ),
    "ko": re.compile(r"[”\"’']?(?:라고|다고)\s(?:그는|그가|그녀는)\s"),
    "ja": re.compile(r"」と(?:彼|彼女|同氏)は"),
}


def leans(sentence: str, language: str, *, first: bool = False) -> bool:
    """Whether the sentence refers to one before it by its opening, or names its speaker by a pronoun alone.

    `first`: it is the first of its article, where "It was in May that" or "The couple" may stand.
    """
    if first and _LEAD.match(sentence):
        return False
    if _TIMELY.match(sentence):
        return False
    hard = _HARD.get(language, _HARD["en"])
    if hard.match(sentence):
        return True
    speaker = _SPEAKERS.get(language, _SPEAKER)
    if speaker.search(sentence):
        return True
    if language not in ("en", "und"):
        return False
    return _refers_early(sentence) or (not first and (bool(_WEAK.match(sentence)) or _names_nobody(sentence)))


def _refers_early(sentence: str) -> bool:
    """`As he left,` and `In his speech,` unless a name comes right after the comma (`After his arrest, Smith`)."""
    match = _EARLY.match(sentence)
    if match is None:
        return False
    following = sentence[match.end() : match.end() + 1]
    return not (match["rest"].rstrip().endswith(",") and following.isupper())


def _names_nobody(sentence: str) -> bool:
    """Whether a personal pronoun comes before anyone that it could stand for, as in `The letter reached her in May`."""
    said = _SAID_ALOUD.sub(" ", sentence)
    found = _PERSON.search(said)
    if found is None:
        return False
    before = said[: found.start()]
    if _NAME.search(before) or _SOMEBODY.search(before) or _NAMED_AFTER.match(said, found.end()):
        return False
    return not (found[0][0] in "tT" and _SEVERAL.search(before))
