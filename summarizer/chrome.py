"""What a page prints beside its article: captions, credit lines, bylines and the page's own words.

Each rule is a literal and a pattern. The pattern is tried only where its literal occurs, in small letters, somewhere in
the article and in the sentence, so that most rules cost nothing. An empty pattern means that the literal alone tells.
"""

import re
from functools import lru_cache

import ahocorasick

Rules = tuple[tuple[str, re.Pattern[str]], ...]

_PHOTO = "photo|image|picture|video|foto|imagen|bild"
_SIDE = (
    "r|l|c|2nd [rlc]|3rd [rlc]|front|rear|back|cent(?:er|re)|left|right|from left|far left|far right"
    "|(?:top|bottom)(?: left| right)?|second (?:from )?(?:left|right)"
)
_AGENCY = "ap|afp|epa|reuters|xinhua|pa|efe|dpa|ansa|tass|kyodo|yonhap|zuma|rex"
_LABEL = (
    "credit|courtesy|source|caption|above|below|left|right|photos?|pictured|pictures?|image|video|watch|gallery|file"
)
_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_POSING = (
    "talks|speaks|attends?|rides?|stands?|walks?|arrives?|leaves?|meets?|shakes?|looks?|waves?|holds?|gestures?|poses?"
    "|testif(?:y|ies)|delivers?|address(?:es)?|passes|sits?|waits?|gathers?|smiles?|listens?|arrive|shows?|carr(?:y|ies)"
    "|celebrates?|reacts?|takes? part|protests?|wears?|works?|view of"
)
_READ = 250  # characters looked at on either end of a long sentence
_NETWORK = "twitter|facebook|instagram|x"

_CAPTIONS: tuple[tuple[str, str], ...] = (
    *((word, rf"\[\s*(?:file )?{word}[^\]]{{0,80}}\]") for word in _PHOTO.split("|")),
    *(
        (word, rf"\(\s*(?:file |ap |afp |reuters |epa |handout |library )?{word}\b[^)]{{0,80}}\)")
        for word in _PHOTO.split("|")
    ),
    ("getty images", ""),
    ("shutterstock", ""),
    ("ap photo", r"\bap photo\b"),
    ("file p", r"\bfile (?:photo|picture|pic)\b"),
    ("file image", r"\bfile image\b"),
    ("handout", r"\bhandout (?:photo|image|picture)\b"),
    ("/", rf"\b(?:{_AGENCY})\s?/\s?[a-z]"),
    ("photo", r"\bphoto(?:graph)?s?\s*(?::|/|by\s+[a-z]|courtesy|credit)"),
    ("photo", r"\bphoto (?:taken|released|provided|shows?|dated)\b"),
    ("picture", r"\bpicture (?:taken|released|provided|shows?|dated)\b|\bpicture(?: credit)?s?\s?:\s"),
    ("image", r"\bimage (?:taken|released|provided|dated)\b|\bimage(?: credit)?s?\s?:\s"),
    (":", r"\b(?:pic|video)s?\s?:\s"),
    (":", rf"\A\W*(?:{_LABEL})\s*:"),
    ("(", rf"\(\s*(?:{_SIDE})\s*\)"),
    ("pictured", r"\bpictured (?:here|above|below)\b"),
    ("seen here", r"\bseen here\b"),
    # What people do in a picture is told in the present, with its date and place at the end.
    (
        ", 20",
        rf"\A(?:(?!\bsaid\b|\btold\b).)*\b(?:{_POSING})\b(?:(?!\bsaid\b|\btold\b).)*"
        rf"\b(?:{_MONTH})\.? \d{{1,2}}, 20\d\d(?: in [^.]{{0,60}})?\W*\Z",
    ),
    ("illustration", r"\A\W*(?:an )?artist['’]s (?:illustration|impression)\b"),
    ("impression", r"\A\W*(?:an )?artist['’]s impression\b"),
    ("view of", r"\A\W*a (?:general |wide |aerial )?view of\b"),
    (
        "in this",
        r"\bin this (?:file |undated |handout |[a-z]+ \d+, \d{4},? )?(?:photo(?:graph)?|picture|image)\b(?! of\b)",
    ),
    ("사진", r"\[?사진\s*[=:/]|/\s*사진|사진\s*(?:제공|출처)|자료\s?사진"),
    ("제공", r"제공\s*="),
    ("뉴시스", r"\[뉴시스|뉴시스\s*[)\]]?\s*\Z"),
    ("뉴스1", r"뉴스1\s*[)\]]?\s*\Z"),
    ("연합뉴스", r"\[연합뉴스 자료|연합뉴스\s*[)\]]?\s*\Z"),
    *((mark, rf"\A\s*{mark}") for mark in "▲△▶◀◆■"),
    *(
        (words, "")
        for words in ("资料图", "資料圖", "图片来源", "圖片來源", "供图", "供圖", "新华社发", "翻摄", "翻攝")
    ),
    ("图为", r"(?:\A|[。，])图为"),
    ("圖為", r"(?:\A|[。，])圖為"),
    *((mark, rf"[（(][^（）()]{{0,20}}{mark}[^（）()]{{0,6}}[)）]|{mark}\s*\Z") for mark in "摄攝"),
    *((mark, rf"{mark}[/／:：]") for mark in "图圖"),
    ("写真", r"写真[：:＝=]|[＝=]写真|[（(]写真"),
    ("撮影", r"撮影[）)]"),
    ("foto", r"\bfoto\s?[:/]|\bfoto de archivo\b"),
    ("crédit", r"\bcrédit(?:o|os|s)?\s?:"),
    ("bild", r"\bbild\s?:"),
    ("фото", r"фото\s?[:/]"),
    ("fotoğraf", r"fotoğraf\s?:"),
    ("ảnh", r"\bảnh\s?:"),
    ("archivfoto", ""),
)

_PAGE_WORDS: tuple[tuple[str, str], ...] = (
    ("click", r"\bclick (?:here|on|the)\b"),
    ("read", r"\bread (?:more|the full|also|next)\b(?! than)"),
    ("share", r"\bshare (?:this|on|it)\b(?! year)"),
    ("sign up", r"\bsign up (?:for|to|here|now|today)\b|\bsign up\W*\Z"),
    ("subscri", r"\bsubscribe (?:to|now|here|today|for)\b|\bsubscribe\W*\Z|\bsubscription to\b"),
    ("newsletter", r"\b(?:our|daily|weekly|free|e-?mail) newsletters?\b|\bnewsletters?\W*\Z"),
    ("follow", rf"\bfollow (?:us|@|(?:[\w.]+ ){{1,3}}on (?:{_NETWORK})\b)"),
    ("like us on", ""),
    ("download", r"\bdownload (?:the|our) app\b"),
    ("all rights reserved", ""),
    ("copyright", r"\bcopyright\b[^.]{0,12}(?:©|\d{4}|[A-Z]\w+ (?:Ltd|Inc|News))|\bcopyright\W*\Z"),
    ("©", ""),
    ("ⓒ", ""),
    ("cookie", r"\bcookies?\b.{0,60}\b(?:use|accept|consent|settings|browser|site|website)"),
    ("cookie", r"\b(?:use|accept)s?\b.{0,20}\bcookies\b"),
    (
        "javascript",
        r"\b(?:enable|disabled?|turn on|requires?|without)\b.{0,30}\bjavascript\b|\bjavascript\b.{0,40}\benabled?",
    ),
    ("advertisement", r"\badvertisements?\s*(?:\W*\Z|-)"),
    ("scroll down", r"\bscroll down (?:for|to)\b|\bscroll down\W*\Z"),
    *(
        (word, rf"\b(?:related|more|recommended|trending|popular|top|latest) {word}\W*\Z")
        for word in ("stories", "articles", "content", "news", "links", "videos", "topics", "posts")
    ),
    ("terms of", r"\bterms of (?:use|service)\b"),
    ("privacy policy", r"\b(?:our|this|see|read|the site's) privacy policy\b|\bprivacy policy\W*\Z"),
    ("watch", r"\bwatch (?:the|this|our) (?:full )?video\b|\bwatch (?:more|now|live|below)\b"),
    ("contributed to this", ""),
    ("contributed", r"\bcontributed (?:reporting|to the report)\b|\bAssociated Press\b.{0,60}\bcontributed\W*\Z"),
    *(
        (word, rf"\b(?:this|the) (?:story|article|report|post|page|column) (?:\w+ ){{1,3}}{word}\b")
        for word in ("updated", "published", "corrected", "amended", "posted", "produced", "translated")
    ),
    ("note", r"\beditor'?s'? note\b"),
    ("for more", r"\bfor more (?:news|information|stories|details|on this)\b"),
    ("for further", r"\bfor further (?:news|information|details)\b"),
    ("for the latest", r"\bfor the latest (?:news|stories|updates|information)\b"),
    ("to a friend", r"\be-?mail (?:this )?to a friend\b"),
    ("reporting by", r"\breporting by [a-z]"),
    ("editing by", r"\bediting by [a-z]"),
    ("writing by", r"\bwriting by [a-z]"),
    ("may not be", r"\bmay not be (?:published|reproduced|redistributed)\b"),
    ("log", r"\blog ?in (?:to|or|with)\b"),
    ("comment", r"\bleave a comment\b|\bcomments? (?:are|is) closed\b|\bcomment on the bottom\b|\bpost a comment\b"),
    ("skip to", r"\bskip to (?:main|content|navigation|the)\b"),
    ("back to top", ""),
    ("send", r"\bsend (?:us )?(?:your )?tips\b|\bsend this to\b"),
    ("join the", r"\bjoin the (?:conversation|discussion)\b"),
    ("expressed", r"\bthe (?:views|opinions) expressed\b|\bopinions expressed in this\b"),
    ("for confidential", r"\bfor confidential (?:support|help)\b"),
    ("see", r"\bsee (?:also|below|video|inside)\W*\Z"),
    ("continu", r"\bstory continues\b|\bcontinue reading\b|\bcontinues below\b"),
    ("please", r"\bplease enable\b|\bplease (?:log|sign) in\b|\bplease refresh\b"),
    ("print this", ""),
    ("on this page you", ""),
    ("to ", r"\A\W*to (?:read|view|see|watch|find out|learn) (?:more|the full|this)\b"),
    ("view", r"\bview (?:gallery|comments|all|more)\b"),
    ("무단", r"무단\s?전재"),
    ("재배포", r"재배포\s?금지"),
    ("저작권", r"저작권자"),
    ("관련", r"관련\s?기사"),
    ("제보", r"기사\s?제보"),
    ("기자", r"기자\s*[=\w]*\s*\S+@\S+|\A.{0,30}기자\s*\Z|\A.{0,12}=.{0,12}기자\s*=?\s*\Z"),
    *((words, "") for words in ("구독하기", "공유하기", "구독 신청", "홈페이지 가기")),
    *(
        (words, "")
        for words in ("责任编辑", "責任編輯", "版权所有", "版權所有", "未经授权", "未經授權", "转载请", "轉載請")
    ),
    *((words, "") for words in ("扫描二维码", "掃描二維碼", "公众号", "公眾號", "延伸閱讀", "更多新聞", "相關新聞")),
    ("点击", r"点击(?:查看|进入|阅读|这里|图片)"),
    ("點擊", r"點擊(?:查看|進入|閱讀|這裡|圖片)"),
    ("相关", r"相关(?:新闻|阅读|报道)\s*(?:[:：]|\Z)"),
    ("编辑", r"编辑[：:]"),
    ("編輯", r"編輯[：:]"),
    *((words, "") for words in ("無断転載", "関連記事", "続きを読む", "会員登録", "有料会員", "この記事は")),
    *((words, "") for words in ("leer más", "lee también", "síguenos", "suscríbete", "compartir en", "lire aussi")),
    *((words, "") for words in ("abonnez-vous", "partager sur", "lesen sie auch", "mehr zum thema", "leia mais")),
    *((words, "") for words in ("leia também", "читайте также", "подписывайтесь", "baca juga", "đọc thêm", "xem thêm")),
    *((words, "") for words in ("devamını oku", "ilgili haberler", "اقرأ أيض", "leggi anche", "iscriviti", "lees ook")),
    *((words, "") for words in ("czytaj też", "czytaj także", "czytaj więcej", "baca selengkapnya")),
)


@lru_cache(maxsize=1)
def _compiled() -> Rules:
    rules = _CAPTIONS + _PAGE_WORDS
    return tuple((literal, re.compile(pattern or re.escape(literal), re.IGNORECASE)) for literal, pattern in rules)


@lru_cache(maxsize=1)
def _literals() -> "ahocorasick.Automaton":
    """Finds all literals in one reading, but for single characters, which are found faster without it."""
    automaton = ahocorasick.Automaton()
    for literal, _ in _compiled():
        if len(literal) > 1:
            automaton.add_word(literal, literal)
    automaton.make_automaton()
    return automaton


def rules_for(text: str) -> Rules:
    """The rules that may match somewhere in `text`."""
    small = text.lower()
    present = {literal for _, literal in _literals().iter(small)}
    return tuple(rule for rule in _compiled() if rule[0] in present or (len(rule[0]) == 1 and rule[0] in small))


def is_chrome(sentence: str, rules: Rules) -> bool:
    """Whether the sentence is a caption, a credit line or the page's own, by the rules for its article."""
    looked_at = sentence if len(sentence) <= _READ * 2 else f"{sentence[:_READ]}\n{sentence[-_READ:]}"
    small = looked_at.lower()
    return any(literal in small and pattern.search(looked_at) for literal, pattern in rules)
