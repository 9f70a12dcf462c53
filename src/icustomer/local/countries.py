"""What differs by country: names, numbers, money and addresses of the generated people."""

from __future__ import annotations

from msgspec import Struct

GMAIL_DOMAINS = ("gmail.com", "googlemail.com")
"""One provider under two names, which ignores dots and everything after a plus sign."""


class Country(Struct, frozen=True):
    """One country's habits. In formats a `#` stands for one digit."""

    code: str
    """ISO 3166 alpha-2."""
    calling_code: str
    exit_prefix: str
    """What is dialled before a calling code; Brazilians choose a carrier there, so a plus."""
    currency: str
    """ISO 4217."""
    locale: str
    utc_offset_hours: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]
    nicknames: dict[str, str]
    """Given name to what friends write."""
    mobile_prefixes: tuple[str, ...]
    """First digits of mobile numbers, national, without the trunk prefix."""
    mobile_digits: int
    """Digits after the prefix."""
    national_formats: tuple[str, ...]
    international_format: str
    mail_domains: tuple[str, ...]
    """Besides Gmail; `.example` is reserved, so no real mailbox is meant (RFC 2606)."""
    cities: tuple[str, ...]
    postal_format: str
    streets: tuple[str, ...]


UNITED_STATES = Country(
    code="US",
    calling_code="1",
    exit_prefix="011",
    currency="USD",
    locale="en-US",
    utc_offset_hours=-5,
    women=(
        *("Elizabeth", "Margaret", "Katherine", "Patricia", "Jennifer", "Susan", "Deborah"),
        *("Emma", "Olivia", "Ava", "Sophia", "Madison", "Grace", "Chloe", "Latoya", "Mei"),
    ),
    men=(
        *("William", "Robert", "Michael", "Thomas", "James", "Richard", "Edward", "Joseph"),
        *("Liam", "Noah", "Ethan", "Mason", "Logan", "Tyrone", "Wei", "Diego"),
    ),
    families=(
        *("Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis"),
        *("Rodriguez", "Martinez", "Anderson", "Taylor", "Moore", "Jackson", "Lee", "Nguyen"),
        *("O'Brien", "Washington", "Kowalski", "Schneider", "Patel", "Kim"),
    ),
    nicknames={
        "Elizabeth": "Liz",
        "Margaret": "Peggy",
        "Katherine": "Kate",
        "Patricia": "Trish",
        "Jennifer": "Jenny",
        "Susan": "Sue",
        "Deborah": "Debbie",
        "William": "Bill",
        "Robert": "Bob",
        "Michael": "Mike",
        "Thomas": "Tom",
        "James": "Jim",
        "Richard": "Dick",
        "Edward": "Ted",
        "Joseph": "Joe",
    },
    mobile_prefixes=("2122", "4153", "3127", "2064", "6178", "3055", "7137"),
    mobile_digits=6,
    national_formats=("(###) ###-####", "###-###-####", "###.###.####", "##########"),
    international_format="+1 ### ###-####",
    mail_domains=("mailbox.example", "hometown.example", "fastpost.example"),
    cities=("Portland", "Austin", "Columbus", "Denver", "Raleigh"),
    postal_format="#####",
    streets=("Maple Street", "Oak Avenue", "2nd Street", "Lakeview Drive"),
)

GREAT_BRITAIN = Country(
    code="GB",
    calling_code="44",
    exit_prefix="00",
    currency="GBP",
    locale="en-GB",
    utc_offset_hours=0,
    women=("Elizabeth", "Victoria", "Rebecca", "Harriet", "Amelia", "Isla", "Poppy", "Priya"),
    men=("William", "Anthony", "Christopher", "Oliver", "Harry", "Alfie", "Callum", "Imran"),
    families=(
        *("Smith", "Jones", "Taylor", "Davies", "Evans", "Wilson", "Thomas", "Roberts"),
        *("Walker", "Wright", "MacDonald", "Hughes", "Khan", "Begum", "Whitfield", "Ashworth"),
    ),
    nicknames={
        "Elizabeth": "Beth",
        "Victoria": "Vicky",
        "Rebecca": "Becky",
        "William": "Will",
        "Anthony": "Tony",
        "Christopher": "Chris",
    },
    mobile_prefixes=("7723", "7834", "7985", "7402"),
    mobile_digits=6,
    national_formats=("0#### ######", "0##########", "0####-######"),
    international_format="+44 #### ######",
    mail_domains=("postbox.example", "thames.example", "northmail.example"),
    cities=("Leeds", "Bristol", "Cardiff", "Norwich"),
    postal_format="LS# #AB",
    streets=("High Street", "Station Road", "Church Lane", "Mill Close"),
)

GERMANY = Country(
    code="DE",
    calling_code="49",
    exit_prefix="00",
    currency="EUR",
    locale="de-DE",
    utc_offset_hours=1,
    women=("Elisabeth", "Katharina", "Gisela", "Anneliese", "Lena", "Sabine", "Ayşe", "Mia"),
    men=("Johannes", "Jürgen", "Maximilian", "Friedrich", "Björn", "Lukas", "Mehmet", "Uwe"),
    families=(
        *("Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker"),
        *("Schäfer", "Koch", "Groß", "Yildiz", "von der Heide", "Krüger", "Vogel", "Böhm"),
    ),
    nicknames={
        "Elisabeth": "Lisa",
        "Johannes": "Hans",
        "Maximilian": "Max",
        "Friedrich": "Fritz",
    },
    mobile_prefixes=("1511", "1522", "1575"),
    mobile_digits=7,
    national_formats=("0### ########", "0###/########", "0###########", "(0###) #### ####"),
    international_format="+49 ### ########",
    mail_domains=("briefkasten.example", "bücher.example", "post-nord.example"),
    cities=("Köln", "Leipzig", "Nürnberg", "Kiel"),
    postal_format="#####",
    streets=("Hauptstraße", "Gartenweg", "Lindenallee", "Am Markt"),
)

FRANCE = Country(
    code="FR",
    calling_code="33",
    exit_prefix="00",
    currency="EUR",
    locale="fr-FR",
    utc_offset_hours=1,
    women=("Hélène", "Françoise", "Camille", "Léa", "Chloé", "Manon", "Anne-Marie", "Fatima"),
    men=("Jean-Pierre", "François", "Théo", "Lucas", "Gaël", "Étienne", "Karim", "Olivier"),
    families=(
        *("Martin", "Bernard", "Dubois", "Lefèvre", "Moreau", "Laurent", "Garnier", "Rousseau"),
        *("de La Tour", "Benali", "Girard", "Chevalier", "Picard", "Marchand"),
    ),
    nicknames={},
    mobile_prefixes=("61", "62", "66", "76"),
    mobile_digits=7,
    national_formats=("0# ## ## ## ##", "0#.##.##.##.##", "0#########"),
    international_format="+33 # ## ## ## ##",
    mail_domains=("courriel.example", "lettre.example"),
    cities=("Lyon", "Nantes", "Besançon", "Lille"),
    postal_format="#####",
    streets=("rue de la Paix", "avenue Victor Hugo", "place de l'Église"),
)

SPAIN = Country(
    code="ES",
    calling_code="34",
    exit_prefix="00",
    currency="EUR",
    locale="es-ES",
    utc_offset_hours=1,
    women=("María", "Carmen", "Dolores", "Lucía", "Begoña", "Paula", "Itziar", "Noelia"),
    men=("José", "Francisco", "Antonio", "Íñigo", "Hugo", "Pablo", "Álvaro", "Sergio"),
    families=(
        *("García López", "Fernández", "Rodríguez", "Muñoz", "Ibáñez", "Ortega Ruiz"),
        *("Castro", "Peña", "Vidal", "Etxeberria", "Navarro", "Domínguez"),
    ),
    nicknames={"Dolores": "Lola", "José": "Pepe", "Francisco": "Paco"},
    mobile_prefixes=("61", "62", "65", "66"),
    mobile_digits=7,
    national_formats=("### ## ## ##", "### ### ###", "#########"),
    international_format="+34 ### ### ###",
    mail_domains=("correo.example", "buzon.example"),
    cities=("Valencia", "Bilbao", "Córdoba", "Vigo"),
    postal_format="#####",
    streets=("Calle Mayor", "Avenida del Puerto", "Plaza de España"),
)

BRAZIL = Country(
    code="BR",
    calling_code="55",
    exit_prefix="+",
    currency="BRL",
    locale="pt-BR",
    utc_offset_hours=-3,
    women=("Ana Paula", "Juliana", "Conceição", "Larissa", "Beatriz", "Thaís", "Fernanda"),
    men=("João", "Antônio", "Thiago", "Rafael", "Luiz Carlos", "Vinícius", "Marcelo"),
    families=(
        *("da Silva", "dos Santos", "Oliveira", "Souza", "Pereira", "Carvalho", "Araújo"),
        *("Rocha", "Barbosa", "Nakamura", "Cardoso", "Magalhães", "Teixeira"),
    ),
    nicknames={},
    mobile_prefixes=("1198", "2197", "3199"),
    mobile_digits=7,
    national_formats=("(##) #####-####", "## #####-####", "###########"),
    international_format="+55 ## #####-####",
    mail_domains=("caixa.example", "correio.example"),
    cities=("São Paulo", "Belo Horizonte", "Niterói"),
    postal_format="#####-###",
    streets=("Rua das Flores", "Avenida Paulista", "Rua São João"),
)

POLAND = Country(
    code="PL",
    calling_code="48",
    exit_prefix="00",
    currency="PLN",
    locale="pl-PL",
    utc_offset_hours=1,
    women=("Małgorzata", "Katarzyna", "Aleksandra", "Zofia", "Grażyna", "Hanna", "Oliwia"),
    men=("Stanisław", "Krzysztof", "Paweł", "Wojciech", "Jakub", "Szymon", "Łukasz"),
    families=(
        *("Nowak", "Kowalski", "Wiśniewski", "Wójcik", "Kamiński", "Lewandowski", "Zając"),
        *("Szymański", "Dąbrowski", "Król", "Mazur", "Piotrowski"),
    ),
    nicknames={"Małgorzata": "Gosia", "Katarzyna": "Kasia", "Aleksandra": "Ola"},
    mobile_prefixes=("501", "602", "691", "790"),
    mobile_digits=6,
    national_formats=("### ### ###", "###-###-###", "#########"),
    international_format="+48 ### ### ###",
    mail_domains=("skrzynka.example", "poczta-lodz.example"),
    cities=("Łódź", "Kraków", "Gdańsk"),
    postal_format="##-###",
    streets=("ul. Długa", "ul. Kościuszki", "al. Jana Pawła II"),
)

INDIA = Country(
    code="IN",
    calling_code="91",
    exit_prefix="00",
    currency="INR",
    locale="en-IN",
    utc_offset_hours=5,
    women=("Priya", "Ananya", "Lakshmi", "Deepika", "Kavita", "Meera", "Shreya", "Sunita"),
    men=("Arjun", "Rahul", "Venkatesh", "Sanjay", "Vikram", "Rohan", "Harpreet", "Mohammed"),
    families=(
        *("Sharma", "Patel", "Reddy", "Iyer", "Singh", "Gupta", "Nair", "Banerjee"),
        *("Chopra", "Desai", "Mukherjee", "Kulkarni", "Ansari"),
    ),
    nicknames={},
    mobile_prefixes=("9820", "9845", "9901", "9711"),
    mobile_digits=6,
    national_formats=("##########", "##### #####", "0##########"),
    international_format="+91 ##### #####",
    mail_domains=("dakghar.example", "sandesh.example"),
    cities=("Pune", "Kochi", "Jaipur"),
    postal_format="######",
    streets=("MG Road", "Gandhi Marg", "Temple Street"),
)

COUNTRIES = (
    UNITED_STATES,
    GREAT_BRITAIN,
    GERMANY,
    FRANCE,
    SPAIN,
    BRAZIL,
    POLAND,
    INDIA,
)
