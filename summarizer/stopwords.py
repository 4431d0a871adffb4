"""Function words of the languages for which sumy has no list, hand-kept; and those of all."""

import importlib
from functools import lru_cache

# ISO 639-1 to the names by which sumy and its stemmers go.
LANGUAGE_NAMES = {
    "ar": "arabic", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "he": "hebrew", "hu": "hungarian", "it": "italian", "ja": "japanese",
    "ko": "korean", "nb": "norwegian", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sk": "slovak", "sv": "swedish", "th": "thai",
    "uk": "ukrainian", "zh": "chinese",
}  # fmt: skip

_OWN = {
    "ru": "и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне"
    " было вот от меня"
    " еще нет о из ему теперь когда даже ну вдруг ли если уже или ни быть был него до вас нибудь опять уж"
    " вам ведь там"
    " потом себя ничего ей может они тут где есть надо ней для мы тебя их чем была сам чтоб без будто чего"
    " раз тоже себе"
    " под будет ж тогда кто этот того потому этого какой совсем ним здесь этом один почти мой тем чтобы нее были куда"
    " зачем всех можно при об другой хоть после над больше тот через эти нас про них какая много три эту моя"
    " свою этой"
    " перед иногда лучше чуть том нельзя такой им более всегда конечно всю между это также который которая которые",
    "tr": "acaba ama ancak artık aslında az bazı belki ben beni bile bin bir biraz biri birkaç birçok biz bu"
    " buna bunda"
    " bundan bunlar bunu bunun burada çok çünkü da daha de defa değil diye dolayı en fakat gibi göre hem hep"
    " hepsi her"
    " hiç için ile ise iki işte kadar kez ki kim mı mi mu mü nasıl ne neden nerede niye o olan olarak oldu olduğu"
    " olduğunu olsa on ona ondan onlar onu onun sanki sen siz son sonra şey şu tüm üç var ve veya ya yani yine yok"
    " üzere dedi etti eden ederek edildi edilen tarafından ayrıca söyledi belirtti ifade",
    "id": "ada adalah agar akan aku anda antara apa atau bagi bahwa banyak baru beberapa belum berada bisa"
    " dalam dan dapat"
    " dari dengan di dia hal hanya harus hingga ia ini itu jadi jika juga kami kamu karena ke kepada kita"
    " lagi lain lalu"
    " lebih maka masih mereka namun nya oleh pada para pernah pula saat saja salah sampai sangat satu saya"
    " sebagai sebuah"
    " secara sedang sejak seorang seperti serta setelah sudah tak telah tentang terhadap tersebut tetapi"
    " tidak untuk yaitu"
    " yakni yang kata ujar",
    "vi": "và của là có không được cho trong một những các với này đã để người khi đến từ cũng tại theo như"
    " ông bà anh chị"
    " về đó thì ra vào lại nhiều còn sẽ hơn phải trên năm ngày sau trước nhưng nếu vì do bị rằng họ đang chỉ"
    " rất cả mà"
    " việc nên cùng đây bởi hay hoặc",
    "nl": "aan af al alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een"
    " en er ge geen"
    " geweest haar had heb hebben heeft hem het hier hij hoe hun iemand iets ik in is ja je kan kon kunnen"
    " maar me meer men"
    " met mij mijn moet na naar niet niets nog nu of om omdat ons ook op over reeds te tegen toch toen tot u"
    " uit uw van"
    " veel voor want waren was wat we wel werd wezen wie wij wil worden zal ze zei zelf zich zij zijn zo zonder zou",
    "hi": "का के की में है से को पर यह और इस कि जो कर ने हैं था थे थी एक भी तो ही वह हो गया दिया लिए अपने कहा रहा"
    " रहे रही साथ बाद तक या नहीं वाले अब उस उन द्वारा किया गई जा सकता",
    "fa": "و در به از که این را با است برای آن یک خود تا کرد بر هم نیز گفت می شود شد ها های او اما یا شده باید هر"
    " کرده بود دارد ما نمی دو اگر وی پس اند",
    "da": "og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min"
    " havde ham hun nu"
    " over da fra du ud sin dem os op man hans hvor eller hvad skal selv her alle vil blev kunne ind når"
    " være dog noget",
    "no": "og i jeg det at en et den til er som på de med han av ikke der så var meg seg men har om vi min"
    " mitt ha hadde hun"
    " nå over da ved fra du ut sin dem oss opp man kan hans hvor eller hva skal selv her alle vil bli ble"
    " blitt kunne inn",
    "fi": "ja on ei se että hän oli joka mutta myös ovat kun niin sen olla kuin tai jos mitä he ne tämä ole"
    " jo vain nyt"
    " hänen mukaan sekä noin vielä kanssa",
    "hu": "a az és hogy nem is egy ez de meg csak már volt ha mint még el ki van vagy mert azt lesz majd"
    " pedig szerint volna"
    " minden arra ezt után között",
    "ro": "și în de la cu pe a al ale ai o un una că nu este sunt pentru din se mai care ce fi fost au ca"
    " dar sau prin după"
    " lui ei sa să ar va iar către",
}  # fmt: skip
_OWN["nb"] = _OWN["nn"] = _OWN["no"]


@lru_cache(maxsize=64)
def stop_words(language: str) -> frozenset[str]:
    """Function words of an ISO 639-1 language in lower case: sumy's list where it has one, else ours, else none."""
    if language in _OWN:
        return frozenset(_OWN[language].split())
    if language not in LANGUAGE_NAMES:
        return frozenset()
    try:
        found = importlib.import_module("sumy.utils").get_stop_words(LANGUAGE_NAMES[language])
    except LookupError:
        return frozenset()
    return frozenset(str(word).lower() for word in found)
