"""Names of the generated people: frequent ones of several cultures, and how they get written.

Written down from what is common knowledge of each country, not from the tables that the matching
uses: so a nickname may well be one that it does not know.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct

from icustomer.local.countries import COUNTRIES, Country


class Names(Struct, frozen=True):
    """What people of one culture are called."""

    country: str
    """Where they live: ISO 3166 alpha-2, one of `COUNTRIES`."""
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]


def _names(country: str, women: str, men: str, families: str) -> Names:
    return Names(country, tuple(women.split()), tuple(men.split()), tuple(families.split()))


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


CULTURES = (
    _names(
        "US",
        """Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy
        Betty Sandra Margaret Ashley Kimberly Emily Donna Michelle Carol Amanda Melissa
        Deborah Stephanie Rebecca Laura Sharon Cynthia Kathleen Amy Angela Shirley Anna Brenda
        Pamela Emma Nicole Helen Samantha Katherine Christine Debra Rachel Carolyn Janet Maria
        Heather Diane Julie Joyce""",
        """James Robert John Michael David William Richard Joseph Thomas Charles Christopher
        Daniel Matthew Anthony Mark Donald Steven Andrew Paul Joshua Kenneth Kevin Brian
        George Timothy Ronald Edward Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan
        Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander Frank Patrick
        Raymond Jack Dennis Jerry""",
        """Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez
        Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson
        White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott
        Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell
        Carter Roberts""",
    ),
    _names(
        "GB",
        """Olivia Amelia Isla Ava Lily Mia Ivy Freya Florence Isabella Grace Willow Evelyn Evie
        Sophie Charlotte Poppy Daisy Emily Elsie Alice Harriet Margaret Susan Julie Karen
        Jacqueline Deborah Tracey Jane Helen Diane Sharon Victoria Rebecca Gemma Claire Zoe
        Hannah Lucy""",
        """Oliver George Noah Arthur Harry Leo Muhammad Jack Charlie Oscar Jacob Henry Thomas
        Freddie Alfie Theo William Archie Joshua Alexander James Isaac Edward Lucas Tommy
        Finley David Paul Andrew Mark John Michael Stephen Ian Robert Richard Christopher
        Peter Simon Keith""",
        """Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson
        Evans Walker White Roberts Green Hall Thomas Clarke Jackson Wood Harris Edwards Turner
        Martin Cooper Hill Ward Hughes Moore Clark King Harrison Lewis Baker Lee Allen Morris
        Khan""",
    ),
    _names(
        "DE",
        """Maria Ursula Monika Petra Elisabeth Sabine Renate Helga Karin Brigitte Ingrid Erika
        Andrea Gisela Claudia Susanne Gabriele Christa Christine Hildegard Anna Birgit Barbara
        Gertrud Heike Marianne Elke Martina Angelika Irmgard Nicole Anja Stefanie Julia
        Katharina Sandra Johanna Hannah Emma Mia Lea Lena Leonie Laura""",
        """Peter Michael Thomas Andreas Wolfgang Klaus Günter Manfred Bernd Werner Hans Frank
        Jürgen Stefan Christian Uwe Holger Dieter Rainer Ralf Martin Matthias Karl Heinz
        Walter Markus Alexander Daniel Florian Tobias Sebastian Jan Tim Lukas Leon Finn Paul
        Jonas Felix Max""",
        """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer
        Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann
        Hartmann Lange Schmitt Werner Krause Meier Lehmann Schmid Schulze Maier Köhler
        Herrmann König Walter""",
    ),
    _names(
        "FR",
        """Marie Nathalie Isabelle Sylvie Catherine Martine Christine Françoise Valérie Sandrine
        Véronique Nicole Stéphanie Sophie Céline Chantal Patricia Anne Brigitte Julie Monique
        Aurélie Laurence Christelle Dominique Émilie Hélène Camille Léa Manon Chloé Inès""",
        """Jean Pierre Michel Philippe Alain Patrick Nicolas Christophe Laurent Stéphane
        Christian Pascal David Éric Daniel Frédéric Julien Olivier Bernard Thierry Sébastien
        Thomas Alexandre Gérard Didier Vincent François Bruno Guillaume Jérôme Lucas Hugo""",
        """Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel
        Lefebvre Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert
        Fontaine Rousseau""",
    ),
    _names(
        "ES",
        """María Carmen Josefa Isabel Dolores Pilar Teresa Ana Cristina Laura Francisca Antonia
        Mercedes Marta Lucía Elena Rosa Concepción Sara Paula Raquel Juana Manuela Beatriz
        Patricia Rocío""",
        """Antonio Manuel José Francisco David Juan Javier Daniel Jesús Carlos Miguel Alejandro
        Rafael Pedro Ángel Pablo Sergio Fernando Jorge Luis Alberto Álvaro Adrián Diego Raúl
        Iván Rubén""",
        """García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez
        Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres
        Domínguez""",
    ),
    _names(
        "IN",
        """Priya Anjali Sunita Kavita Pooja Neha Ritu Rekha Geeta Lakshmi Meena Asha Usha Deepa
        Divya Sneha Swati Shilpa Nisha Jyoti Radha Sita Anita Vandana Aarti Shreya Ananya
        Ishita Meera Kiran""",
        """Rahul Amit Rajesh Sanjay Vijay Suresh Ramesh Anil Sunil Ravi Manoj Ajay Deepak Ashok
        Vikram Arjun Rohan Karan Nikhil Siddharth Aditya Varun Prakash Mahesh Ganesh Harish
        Kiran Mohan""",
        """Sharma Verma Gupta Singh Kumar Patel Reddy Nair Iyer Das Mehta Shah Joshi Rao Mishra
        Pandey Yadav Chopra Malhotra Kapoor Banerjee Mukherjee Bose Pillai Menon Desai
        Kulkarni""",
    ),
)

ALIKE = (
    *(("Christian", "Christine"), ("Michael", "Michelle"), ("Daniel", "Danielle")),
    *(("Andreas", "Andrea"), ("Julian", "Juliane"), ("Patrick", "Patricia"), ("Mario", "Maria")),
    *(("Alexander", "Alexandra"), ("Jan", "Jana"), ("Stephan", "Stephanie"), ("Paul", "Paula")),
    *(("Martin", "Martina"), ("Carlo", "Carla"), ("Robert", "Roberta"), ("Nicholas", "Nicole")),
    *(("Gabriel", "Gabriele"), ("Erik", "Erika"), ("Simon", "Simone"), ("Denis", "Denise")),
)
"""Couples whose given names differ by an ending."""
TWINS = (
    *(("Anna", "Hanna"), ("Tim", "Tom"), ("Lena", "Lea"), ("Marie", "Maria"), ("Jan", "Jon")),
    *(("Emma", "Emily"), ("Julia", "Juliana"), ("Max", "Moritz"), ("Paul", "Peter")),
    *(("Ella", "Bella"), ("Jayden", "Kayden"), ("Finn", "Finja"), ("Sara", "Sarah-Jane")),
    *(("Taylor", "Tyler"), ("Madison", "Morgan"), ("Isabella", "Sophia"), ("Noah", "Liam")),
    *(("Felix", "Jonas"), ("Clara", "Ida"), ("Hannah", "Leah"), ("Oscar", "Hugo")),
)
"""What parents call twins: half of them alike on purpose."""
COMMON_BEGINNINGS = (
    *(("María José", "María Teresa"), ("María Carmen", "María Pilar")),
    *(("Jean-Pierre", "Jean-Paul"), ("Anne-Marie", "Anne-Sophie")),
    *(("Mohammed Ali", "Mohammed Hassan"), ("Muhammad Yusuf", "Muhammad Ibrahim")),
    *(("José Luis", "José Antonio"), ("Hans-Peter", "Hans-Jürgen"), ("Karl Heinz", "Karl Josef")),
    *(("Nguyen Van An", "Nguyen Van Binh"), ("Siti Aisyah", "Siti Nurhaliza")),
    *(("Xiaoming", "Xiaohong"), ("Jiahao", "Jiayi"), ("Min-jun", "Min-seo")),
)
"""Brothers and sisters who share the first of two given names, or a generation's syllable."""
SPELLINGS = (
    *(("Mohammed", "Muhammad", "Mohamed"), ("Aleksandr", "Alexander", "Oleksandr")),
    *(("Yulia", "Julia", "Iuliia"), ("Sergey", "Serhii", "Sergei"), ("Ekaterina", "Katerina")),
    *(("Dmitry", "Dmytro", "Dimitri"), ("Youssef", "Yusuf", "Joseph"), ("Xiu", "Hsiu")),
    *(("Zhang Wei", "Wei"), ("Hyeon", "Hyun"), ("Giorgos", "George"), ("Ioannis", "Yannis")),
    *(("Björn", "Bjoern"), ("Jürgen", "Juergen"), ("Łukasz", "Lukasz"), ("Søren", "Soeren")),
)
"""One given name as passport, shop form and friends write it."""
FOREIGN_FAMILIES = (
    "Haddad",
    "Ivanova",
    "Zhou",
    "Kim",
    "Papadopoulos",
    "Sørensen",
    "Yılmaz",  # noqa: RUF001 - the Turkish letter
    "Cruz",
)

NICKNAMES = _pairs(
    """
    William:Bill Robert:Bob Richard:Dick Elizabeth:Liz Margaret:Peggy Katherine:Kate James:Jim
    Michael:Mike Joseph:Joe Thomas:Tom Edward:Ted Patricia:Trish Susan:Sue Deborah:Debbie
    Christopher:Chris Daniel:Danny Stephen:Steve Andrew:Drew Jacqueline:Jackie Victoria:Vicky
    Samantha:Sam Elisabeth:Sissi Johanna:Hanni Katharina:Kathi Sebastian:Basti Matthias:Hias
    Francisco:Paco José:Pepe Dolores:Lola Manuel:Manolo Francisca:Paqui Isabelle:Isa
    Alexandre:Alex Charles:Chuck Nicholas:Nick Benjamin:Ben Rebecca:Becky Gabriele:Gabi
    Susanne:Susi Ursula:Uschi Wolfgang:Wolfi
    """
)
"""What friends, and so some forms, call them."""

COUNTRY = {country.code: country for country in COUNTRIES}
"""Numbers, addresses and mailboxes of each country."""


def country_of(names: Names) -> Country:
    """Where people of these names live."""
    return COUNTRY[names.country]


def ranked(random: Random, pool: tuple[str, ...]) -> str:
    """One of the pool, the first ones far more often: names are not spread evenly."""
    return pool[int(len(pool) * random.random() ** 2)]
