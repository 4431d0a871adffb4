"""What stands between a page and its article: paywalls, cookie notices, browser checks. Pure.

Told by what pages declare and by the words that such walls use, and only where the article's own text is missing or
breaks off: a page that names its subscriptions, or an article about cookies, is no wall.
"""

import re
from collections.abc import Callable, Sequence

from ingest.lines import count_words

_PAYWALL = re.compile(
    r"""(?ix)
    \b(?:subscribe|sign\ up|register|log\ ?in|sign\ in|create\ (?:a\ free|an)\ account|join)\b.{0,40}
        \bto\ (?:continue|keep|read|unlock|access|view|see|finish|get\ full)\b
    |\bto\ (?:continue|keep)\ reading\b.{0,80}\b(?:subscri|account|register|log\ ?in|sign|trial|member)
    |\bto\ read\ the\ (?:full|whole|rest|entire)\b
    |\balready\ a\ (?:subscriber|member)\b|\bhave\ an\ account\?\ (?:log|sign)\ ?in
    |\b(?:this|the)\ (?:article|story|content|page|post|piece|section)\ is\ (?:\w+\ ){0,3}
        (?:for|to|reserved|available|exclusive|limited|locked)\b.{0,30}\b(?:subscriber|member|subscription)s?
    |\b(?:subscriber|member|premium)s?[- ](?:only|exclusive)\b
    |\b(?:exclusive|reserved|available|only)\ (?:only\ )?(?:to|for)\ (?:our\ )?(?:paying\ )?(?:subscriber|member)s
    |\byou(?:'ve|’ve|\ have)\ (?:read|reached|used)\ .{0,40}\b(?:free|limit|last)\b
    |\bfree\ articles?\ (?:left|remaining|this)
    |\bunlock\ (?:this|the|full|unlimited)\b|\bstart\ your\ (?:free\ )?(?:trial|subscription)
    |\bweiterlesen\ mit\b|\bnur\ für\ (?:abonnent|mitglied)|\bjetzt\ (?:abonnieren|freischalten)
    |\b(?:bereits|schon)\ (?:abonnent|registriert)\b|\bdiesen\ artikel\ (?:weiter|freischalten|kaufen)
    |\b(?:article|contenu)\ (?:est\ )?réservé\ aux\ abonnés|\bdéjà\ abonné|\bil\ vous\ reste\ .{0,20}à\ lire
    |\b(?:solo|exclusivo)\ para\ (?:suscriptores|assinantes)|\bya\ eres\ suscriptor|\bsuscríbete\ para
    |\bcontenuto\ riservato\ agli\ abbonati|\bsei\ già\ abbonato|\bassine\ para\ (?:ler|continuar)
    |только\ (?:для\ )?подписчик|оформите\ подписку|この記事は(?:有料|会員)|会員限定|有料会員|登録(?:すると|して)続き
    |订阅(?:后|以)继续阅读|付费(?:阅读|内容)|구독(?:자|회원)\ ?(?:전용|만)|유료\ ?(?:회원|기사)"""
)
_COOKIES = re.compile(
    r"""(?ix)
    \b(?:we|this\ (?:web)?site|our\ (?:web)?site|(?:and\ )?our\ (?:\d+\ )?partners|us)\b.{0,80}
        \b(?:use|uses|using|store)\b.{0,40}\b(?:cookies|similar\ technolog|information\ on)
    |\b(?:accept|reject|manage|allow)\ (?:all|cookies|optional|necessary|preferences|settings)\b
    |\b(?:your|manage)\ (?:privacy|consent|cookie)\ (?:choices|preferences|settings)\b
    |\bcookie\ (?:policy|settings|notice)
    |\bbefore\ you\ continue\ to\b|\bwe\ (?:value|care\ about|respect)\ your\ privacy\b
    |\bprocess\ (?:your\ )?personal\ data\b
    |\bgive\ (?:us\ )?(?:your\ )?consent\b|\bwithdraw\ (?:your\ )?consent\b|\blegitimate\ interests?\b.{0,80}\bconsent\b
    |\bby\ (?:clicking|continuing|using)\b.{0,100}\b(?:agree|accept|consent)\b
    |\bverwende[nt]\b.{0,60}\bcookies|\bcookies\ (?:zustimmen|akzeptieren)|\bmit\ werbung\ (?:und\ \w+\ )?weiter
    |\b(?:einwilligung|datenschutzeinstellungen)\b.{0,80}\b(?:cookies|daten|zwecke|partner)
    |\bnous\ utilisons\ des\ cookies|\baccepter\ (?:et\ (?:fermer|continuer)|les\ cookies|tout)
    |\bcontinuer\ sans\ accepter
    |\butilizamos\ cookies|\baceptar\ (?:las\ )?cookies|\butilizziamo\ (?:i\ )?cookie
    |\baccett\w+\ (?:i\ |tutti\ )?cookie
    |\bwij\ gebruiken\ cookies|\busamos\ cookies|çerez\w*\ kullan|использу\w+\ (?:файлы\ )?cookie|쿠키를\ 사용
    |クッキー(?:\w{0,4})を使用|使用\s?cookie"""
)
_CHECK = re.compile(
    r"""(?ix)
    \b(?:checking|verifying)\ (?:your\ browser|you\ are\ human|if\ the\ site\ connection)
    |\b(?:verify|confirm|prove)\ (?:that\ )?you(?:'re|’re|\ are)\ (?:a\ human|human|not\ a\ robot)
    |\bare\ you\ a\ robot\b
    |\benable\ (?:javascript|cookies|js)\b.{0,80}\b(?:continue|view|browser|proceed|reload|run\ this)
    |\bjavascript\ (?:is\ )?(?:disabled|required|not\ enabled)|\bunusual\ (?:traffic|activity)\ from\ your
    |\baccess\ (?:to\ this\ page\ has\ been\ |)denied\b|\bcomplete\ the\ (?:security\ check|captcha)
    |\bplease\ (?:turn\ off|disable)\ your\ ad\ ?blocker"""
)
_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\W*$")
_SHORT_NOTICE = 30  # words: longer is a paragraph of an article
_LONG_NOTICE = 80  # of those about cookies, which come to the point at once
_AT_ONCE = 100  # characters
_LONGEST_TEXT = 2_000  # characters of a paragraph that are looked at: words may be endless
_STUB = 150
_MOST = 0.5
_LONGEST_WALL = 600
_WALLS = (
    (_CHECK, "the site wants to check the browser first, and shows no article"),
    (_COOKIES, "the page shows only its question about cookies, not the article"),
    (_PAYWALL, "only subscribers can read it; the page shows no text"),
)


def without_walls(paragraphs: Sequence[str]) -> list[str]:
    """Without the sentences of a paywall or of a cookie notice; these stand at the beginning and the end."""
    kept = list(paragraphs)
    while kept and _is_notice(kept[-1]):
        kept.pop()
    while kept and _is_notice(kept[0]):
        kept.pop(0)
    return kept


def blocking(paragraphs: Sequence[str], shown: Callable[[], str]) -> str | None:
    """Why these paragraphs are no article, for people, where a wall is all there is.

    `shown` gives the page's short texts; it is called where there are no paragraphs at all.
    """
    total = sum(map(count_words, paragraphs))
    if total > _LONGEST_WALL:
        return None
    notices = "" if total else shown()
    for pattern, reason in _WALLS:
        found = sum(count_words(text) for text in paragraphs if pattern.search(text[:_LONGEST_TEXT]))
        if (found and found >= _MOST * total) or (notices and pattern.search(notices)):
            return reason
    return None


def is_cut(paragraphs: Sequence[str], whole: int) -> bool:
    """Whether the text may be only the beginning; `whole`: words of the article as the page declares, or 0."""
    words = sum(map(count_words, paragraphs))
    return words < _STUB or bool(_CUT.search(paragraphs[-1])) or whole > 2 * words


def asks_to_pay(shown: str) -> bool:
    return bool(_PAYWALL.search(shown))


def _is_notice(text: str) -> bool:
    words = count_words(text[:_LONGEST_TEXT])
    if words < _SHORT_NOTICE and len(text) < _LONGEST_TEXT and (_PAYWALL.search(text) or _COOKIES.search(text)):
        return True
    return words < _LONG_NOTICE and bool(_COOKIES.search(text[:_AT_ONCE]))
