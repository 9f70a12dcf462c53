"""The code tables that messages are checked against: countries and currencies.

Only the codes, which are facts, in the order of the alphabet; compared with the `iso-codes`
data of Debian where that is installed.
"""

from __future__ import annotations

_ISO_3166 = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ
BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM
DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS
GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ
MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
VN VU WF WS YE YT ZA ZM ZW
"""
"""ISO 3166-1 alpha-2, officially assigned: 249 codes. Source: https://www.iso.org/obp/ui/,
the same as `iso3166.tab` of the IANA time zone database."""

_BESIDE_ISO_3166 = "AC TA XK"
"""Ascension, Tristan da Cunha (reserved) and Kosovo (user-assigned): not among the 249, but
they have telephone numbers of their own, and the country is a telephone number's region."""

_ISO_4217 = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP
BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB
EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD
JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND
TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA
XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
"""
"""ISO 4217, list one (current currencies and funds). Source: the maintenance agency,
https://www.six-group.com/en/products-services/financial-information/data-standards.html"""

_ISO_4217_WITHDRAWN = """
ANG BYR CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL
"""
"""From list three: withdrawn since 2010. Orders of those years are still sent, when a company
moves its history in."""

COUNTRIES = frozenset((_ISO_3166 + _BESIDE_ISO_3166).split())
CURRENCIES = frozenset((_ISO_4217 + _ISO_4217_WITHDRAWN).split())
