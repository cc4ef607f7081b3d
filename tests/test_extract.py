"""Reading single articles: invented texts with the dirt of a crawl."""

from time import process_time

import pytest

from defection_framing.own.boilerplate import NOTICE, PAYWALL, clean
from defection_framing.own.dates import NoDate, date_of_url, read_date
from defection_framing.own.extract import Unusable, decode, extract
from defection_framing.own.sentences import named_sources, split

pytestmark = pytest.mark.slow

BODY = (
    "A deckhand who left his company in the winter has found work on a ferry, a paper reports.\n"
    "He counted the bridges on his way, he said, and thought about his sister in the north.\n"
    "The office for migration has registered him, and his lawyer expects a decision next year.\n"
    "Nobody had forced him to enlist, he said, but nobody had let him go home either.\n"
)
RUSSIAN = (
    "Механик оставил свою часть и уехал к брату за границу, рассказал его адвокат.\n"
    "Он дважды просил об увольнении, но ему отказали, и тогда он решил уйти сам.\n"
    "Теперь он ждёт решения миграционной службы и работает на пароме у реки.\n"
)


def html(body=BODY, head=""):
    paragraphs = "".join(f"<p>{line}</p>" for line in body.splitlines())
    return f"<!DOCTYPE html><html><head>{head}</head><body><article>{paragraphs}</article></body>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r"])
def test_the_encoding_is_found(encoding):
    assert extract(RUSSIAN.encode(encoding)).text == RUSSIAN.strip()


@pytest.mark.parametrize(
    "text, encoding",
    [
        (BODY.replace("winter", "été passé à Besançon"), "latin-1"),
        ("Żołnierz opuścił jednostkę i znalazł pracę na promie, mówi prawnik. " * 5, "cp1250"),
        ("Bir asker birliğini terk etti ve feribotta iş buldu, dedi avukatı. " * 5, "cp1254"),
    ],
)
def test_latin_letters_are_those_of_the_language(text, encoding):
    assert extract(text.encode(encoding)).text == text.strip()


def test_letters_far_down_and_few_tell_the_encoding():
    assert decode(f"{BODY * 1700}{RUSSIAN}".encode("cp1251")).endswith(RUSSIAN)
    few = f"{BODY}It’s late.\n"
    assert decode(few.encode("cp1252")) == few


def test_a_few_broken_letters_do_not_change_the_encoding():
    raw = RUSSIAN.encode()
    found = extract(raw[:401] + raw[402:]).text
    assert "миграционной службы" in found and found.count("\ufffd") <= 2


def test_text_that_was_decoded_wrongly_is_repaired():
    broken = BODY.replace("ferry", "café").encode().decode("cp1252")
    assert "café" in extract(broken).text


def test_a_page_gives_its_facts_and_no_script():
    head = (
        '<meta charset="utf-8"><title>x</title><meta name="author" content="Mira Holt">'
        '<meta property="og:title" content="Work on a ferry"><script>alert("no")</script>'
        '<meta property="article:published_time" content="2024-03-14T22:00:00Z">'
        '<link rel="canonical" href="https://courier.example/news/ferry">'
        '<meta property="og:site_name" content="Courier">'
    )
    found = extract(html(head=head).encode())
    assert (found.title, found.date) == ("Work on a ferry", "2024-03-14")
    assert found.url == "https://courier.example/news/ferry" and found.lang == "en"
    assert found.site == "Courier"
    assert "alert" not in found.text and found.text.startswith("A deckhand")


FOOT = "<footer><p>© 2025 Courier. Updated 1 January 2025</p></footer>"


@pytest.mark.parametrize(
    "lang, line, day",
    [
        ("en", "5 March 2024, 14:33", "2024-03-05"),
        ("ru", "5 марта 2024, 14:33", "2024-03-05"),
        ("uk", "Вівторок, 5 березня 2024", "2024-03-05"),
        ("ar", "5 آذار 2024", "2024-03-05"),
        ("de", "Dienstag, 5. März 2024", "2024-03-05"),
        ("ru", "Обновлено 7 марта 2024 | Опубликовано 5 марта 2024", "2024-03-05"),
        ("en", "By Mira Holt", ""),
    ],
)
def test_a_page_is_dated_by_what_stands_under_its_headline_not_by_its_foot(lang, line, day):
    text = "".join(f"<p>{part}</p>" for part in BODY.splitlines())
    page = (
        f"<html lang='{lang}'><head><title>x</title></head><body><article><h1>Work on a ferry</h1>"
    )
    found = extract(f"{page}<p>{line}</p>{text}</article>{FOOT}</body></html>", lang=lang)
    assert found.date == day


def test_a_sentence_that_begins_as_boilerplate_does_stays():
    said = [
        "They gave him tea, a blanket and a packet of cookies.",
        "Register your name at the gate, the guard told him.",
        "Join us at the pier, he had written to his sister.",
        "Sign up or go home, the recruiter said.",
        "Photo: he kept only one of his mother.",
        "Watch next to the river was cold, he said.",
    ]
    assert clean("\n".join(said))[0] == said


def test_one_long_line_is_read_in_no_time():
    began = process_time()
    line = f"{BODY * 150}and so on".replace("\n", " ")
    assert clean(line)[0] == [line]
    with pytest.raises(NoDate):
        read_date("x 1 " * 3000)
    assert process_time() - began < 10


@pytest.mark.parametrize(("given", "lang"), [("ua", "uk"), ("Ukrainian", "uk"), ("uk-UA", "uk")])
def test_a_country_given_for_a_language_is_none(given, lang):
    text = "Паромник пішов зі служби навесні, бо річка обміліла, а нової роботи не було. " * 4
    assert extract(text, lang=given).lang == lang


def test_a_text_that_quotes_another_language_is_in_that_of_its_larger_part():
    found = extract(
        f"{RUSSIAN}{RUSSIAN}Він сказав, що не хоче більше воювати, і пішов додому вночі."
    )
    assert found.lang == "ru"


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>Work on a <b>ferry</b>",
        "&lt;script&gt;alert(1)&lt;/script&gt;Work on a ferry",
        "&amp;lt;img src=x onerror=alert(1)&amp;gt;Work on a ferry",
        "Work\non a\x00 ferry",
    ],
)
def test_markup_in_a_title_is_taken_out(title):
    assert extract(BODY, title=title).title == "Work on a ferry"


@pytest.mark.parametrize(
    "line",
    [
        "Share | Facebook | Twitter | WhatsApp",
        "Share on Facebook",
        "Поделиться: ВКонтакте | Одноклассники",
        "We use cookies to improve your visit. Accept all",
        "Subscribe to our newsletter",
        "Read also: A library for the town",
        "Читайте также: Библиотека для города",
        "date 2024-03-16 Published by Mira Holt Verified by 16 de marzo, 2024",
        "By Mira Holt",
        "14 March 2024, 10:15",
        "3 апреля 2024 г., 10:15",
        "news-14032024-101500",
        "ferry-job-for-a-deckhand",
        "The Decision:",
        "The Way Home:",
        "Advertisement",
        "© 2024 Courier. All rights reserved.",
        "https://courier.example/ferry",
    ],
)
def test_boilerplate_is_taken_out(line):
    first, *rest = BODY.splitlines()
    assert extract("\n".join([first, line, *rest])).text == BODY.strip()


@pytest.mark.parametrize(
    "line",
    [
        "He said:",
        "A co-worker on the ferry shared his bread with him.",
        "Kyiv said on 14 March 2024 that it knew of no such man.",
        "By March he had found work.",
        "Work on the river",
        "Twitter posts of his sister were read in court.",
    ],
)
def test_what_an_article_says_stays(line):
    assert line in clean(BODY + line)[0]


@pytest.mark.parametrize(
    "heading", ["Leave a Reply", "Добавить комментарий", "Schreibe einen Kommentar", "Comments (3)"]
)
def test_what_readers_wrote_is_cut_off(heading):
    text = f"{BODY}{heading}\nYour email address will not be published.\nA fine story, thank you."
    assert extract(text).text == BODY.strip()


@pytest.mark.parametrize(
    "line, date",
    [
        ("date 2024-03-16 Published by Mira Holt", "2024-03-16"),
        ("post-22032024-101500", "2024-03-22"),
        ("post-20240322", "2024-03-22"),
        ("post-05032024-101500", "2024"),  # 5 March or 3 May
        ("Published: March 16, 2024", "2024-03-16"),
        ("16 марта 2024", "2024-03-16"),
        ("Publicado el 16 de marzo de 2024", "2024-03-16"),
        ("RIVERTON, 16 March 2024 – It rained on the ferry that day.", "2024-03-16"),
        ("On 16 March 2024 – a Saturday – it rained on the ferry.", ""),
        ("It rained on the ferry on 16 March 2024.", ""),
    ],
)
def test_the_date_is_read_where_the_text_tells_it(line, date):
    assert extract(f"{line}\n{BODY}").date == date


@pytest.mark.parametrize(
    "said, date",
    [
        ("", ""),
        ("2024", "2024"),
        ("2024-03", "2024-03"),
        ("2024-03-16T23:30:00+03:00", "2024-03-16"),
        ("2024-03-16 00:00:00", "2024-03-16"),
        ("16.03.2024", "2024-03-16"),
        ("03/16/2024", "2024-03-16"),
        ("05/03/2024", "2024"),
        ("Sat, 16 Mar 2024 10:00:00 GMT", "2024-03-16"),
        ("1710583200", "2024-03-16"),
        ("1710583200000", "2024-03-16"),
        ("20240316", "2024-03-16"),
        ("20240316T101500Z", "2024-03-16"),
        ("16.03.24", "2024-03-16"),
        ("05.03.24", "2024-03-05"),
        ("3/5/24", "2024"),
        ("14:30, 05.03.2024", "2024-03-05"),
        ("Опубликовано: 05.03.2024", "2024-03-05"),
        ("vom 05.03.24", "2024-03-05"),
        ("5. 3. 2024", "2024-03-05"),
        ("Tue 05/08/2024", "2024"),
        ("10.15.30, 05.03.2024", "2024-03-05"),
        ("Vol. 3.4.12, 5 March 2024", "2024-03-05"),
        ("Tue 05-08-2024 14:30", "2024"),
        ("45367", "2024-03-16"),
        ("2024-3-16", "2024-03-16"),
        ("2024-00-00", "2024"),
        ("2024-00-05", "2024"),
        ("March 2024", "2024-03"),
        ("березень 2024", "2024-03"),
        ("Март 2024 г.", "2024-03"),
        ("2024.0", "2024"),
        ("None", ""),
        ("NaT", ""),
        ("nan", ""),
        ("N/A", ""),
        ("March 16, 2024 Saturday, Late Edition - Final", "2024-03-16"),
        ("27. Februar 2012 Montag 9:50 PM GMT+1", "2012-02-27"),
        ("16 آذار 2024", "2024-03-16"),
        ("2024 年 3 月 16 日 17:04", "2024-03-16"),
        ("Субота, 16 березня 2024, 10:15", "2024-03-16"),
        ("sobota, 16 marca 2024", "2024-03-16"),
    ],
)
def test_dates_are_read_as_precisely_as_written(said, date):
    assert read_date(said) == date


@pytest.mark.parametrize(
    "said, why",
    [
        ("3000-01-01", "in the future"),
        ("1 January 3000", "in the future"),
        ("1066-10-14", "before 1990"),
        ("2024-02-31", "write YYYY-MM-DD"),
        ("yesterday", "write YYYY-MM-DD"),
        ("soon", "write YYYY-MM-DD"),
    ],
)
def test_what_is_no_date_is_left_empty_and_remarked(said, why):
    found = extract(BODY, date=said)
    [(what, remark)] = found.remarks
    assert (found.date, what) == ("", "date left empty") and why in remark


def test_a_stamp_of_the_year_3000_dates_nothing():
    found = extract(f"date 3000-11-30 Published by Mira Holt\n{BODY}")
    assert found.date == ""
    assert found.remarks == (("stamp", "date 3000-11-30 Published by Mira Holt"),)


@pytest.mark.parametrize(
    "url, date",
    [
        ("https://a.example/2023/09/07/pilot", "2023-09-07"),
        ("https://a.example/post-20230907.html", "2023-09-07"),
        ("https://a.example/2023/09/pilot", "2023-09"),
        ("https://a.example/2023/13/pilot", ""),
        ("https://a.example/12345678901234", ""),
    ],
)
def test_the_date_of_an_address(url, date):
    assert date_of_url(url) == date


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", "is empty"),
        (b" \n \n", "no text"),
        (b"PK\x03\x04" + b"\0" * 400, "an archive or a document"),
        (BODY.encode().replace(b"ferry", b"fe\0rry"), "NUL bytes"),
        (b"A deckhand left.", "too short"),
        (b"a" * 1_000_001, "longer than"),
        (b"Home\nNews\nSport\nWeather forecast for the week\n" * 20, "two sentences"),
        (b"x = [1, 2, 3]; y = {4: 5}; z = (6, 7) + w[8] * 9;\n" * 20, "no running text"),
        (b"<html><body><nav><a href='/'>Home</a></nav></body></html>", "no article|too short"),
        (html("Just a moment, enable JavaScript. " * 12).encode(), "bot check"),
        ("\ufffd\ufffd\ufffd ".join(BODY.split()), "encoding|letters"),
    ],
)
def test_what_is_no_article_is_refused_with_the_reason(content, why):
    with pytest.raises(Unusable, match=why):
        extract(content)


def test_sentences_know_quotations_and_abbreviations():
    text = '"I left. I had no choice," Lt. Gen. Brown said. Was it true? In the U.S. it was heard.'
    assert split(f"{text}\nA heading", "en") == [
        ('"I left. I had no choice," Lt. Gen. Brown said.', ""),
        ("Was it true?", "question"),
        ("In the U.S. it was heard.", ""),
        ("A heading", "fragment"),
    ]
    assert len(split("Об этом стало известно 5 янв. 2024 г. в посёлке у реки.", "ru")) == 1


@pytest.mark.parametrize(
    "text, lang, names",
    [
        ("The interview appeared at Ria Novosti.", "en", ["RIA Novosti"]),
        ("Об этом сообщает ТАСС со ссылкой на СБУ.", "ru", ["TASS", "SBU"]),
        ("Як повідомив ГУР, він пішов сам.", "uk", ["GUR"]),
        ("He fears Putin and the FSB.", "en", []),  # named, but nothing rests on them
        ("Putin said so.", "en", ["Vladimir Putin"]),
        ("The FSB said so.", "en", ["FSB"]),
        ("A map of the port, he said.", "en", []),  # no AP, no RT
        ("He told the Riverton Courier and Focus.", "en", ["Riverton Courier"]),
    ],
)
def test_named_sources(text, lang, names):
    assert named_sources(text, lang, ["Riverton Courier", "Focus"]) == names


WALLS = [
    "Subscribe to continue reading.",
    "Already a subscriber? Log in.",
    "This story is for our subscribers only.",
    "You have reached your limit of free articles.",
    "Dieser Artikel ist nur für Abonnenten.",
    "Sie haben bereits ein Digital-Abo? Hier anmelden.",
    "Cet article est réservé aux abonnés.",
    "Il vous reste 74 % de cet article à lire.",
    "Contenido exclusivo para suscriptores.",
    "Contenuto riservato agli abbonati.",
    "Conteúdo exclusivo para assinantes.",
    "Pozostało 80% artykułu do przeczytania.",
    "Полный текст доступен только подписчикам.",
    "Чтобы продолжить чтение, оформите подписку.",
    "Матеріал доступний лише для передплатників.",
    "Щоб читати далі, оформіть передплату.",
]


@pytest.mark.parametrize("line", WALLS)
def test_a_stub_before_a_paywall_is_remarked(line):
    found = extract(f"{BODY}\n{line}")
    assert (PAYWALL, line) in found.remarks
    longer = extract("\n".join(BODY.replace("ferry", f"ferry {k}") for k in range(5)) + line)
    assert PAYWALL not in dict(longer.remarks)  # asked to subscribe, yet it stands there whole


NOTICES = {
    "en": "We and our partners store cookies on your device. You can withdraw your consent at any "
    "time. Some vendors process personal data on the basis of legitimate interest. Your "
    "preferences apply to this website only. Read our privacy policy to learn more about it.",
    "de": "Wir und unsere Partner speichern Cookies auf Ihrem Gerät. Sie können Ihre Einwilligung "
    "jederzeit widerrufen. Einige Partner verarbeiten personenbezogene Daten. Mehr dazu steht in "
    "der Datenschutzerklärung. Mit Werbung bleibt das Angebot für alle kostenlos, die es lesen.",
    "fr": "Nos partenaires et nous stockons des cookies sur votre appareil. Vous pouvez retirer "
    "votre consentement à tout moment. Certaines données personnelles sont traitées. Voyez notre "
    "politique de confidentialité. La publicité finance le travail de la rédaction toute l'année.",
    "ru": "Мы и наши партнёры храним файлы cookie на вашем устройстве. Вы можете отозвать согласие "
    "в любое время. Персональные данные обрабатываются на законных основаниях. Подробнее об этом "
    "сказано в политике конфиденциальности.",
    "uk": "Ми та наші партнери зберігаємо файли cookie на вашому пристрої. Ви можете відкликати "
    "згоду будь-коли. Персональні дані обробляються на законних підставах. Докладніше про це "
    "сказано в політиці конфіденційності.",
}


@pytest.mark.parametrize("lang", NOTICES)
def test_a_cookie_notice_taken_for_an_article_is_remarked(lang):
    assert NOTICE in dict(extract(2 * NOTICES[lang]).remarks)


@pytest.mark.parametrize(
    "line",
    [
        "We use cookies to improve your visit. Accept all",
        "He gave them cookies, and his consent.",
        "Subscribe to our newsletter",
        "The hotline is open to subscribers of every network, he said.",
        "Он открыл доступ к своему каналу, и подписчики узнали его имя.",
        "Читачі та підписники каналу впізнали його за голосом.",
        "He had to continue reading the letters of his mother, he said.",
    ],
)
def test_a_whole_article_is_not_doubted(line):
    assert not {PAYWALL, NOTICE} & set(dict(extract(f"{BODY}\n{line}").remarks))
