"""Country codes and names that partners and forms use: ISO 3166, and names in six languages for our markets."""

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""

CODES = frozenset(_CODES.split())
"""Alpha-2 codes."""

_TABLE = """
AT: AUT, Austria, Oostenrijk, Autriche, Österreich, Oesterreich
BE: BEL, Belgium, België, Belgie, Belgique, Belgien, Belgio, Belgia
BG: BGR, Bulgaria, Bulgarije, Bulgarie, Bulgarien, Bułgaria
CH: CHE, Switzerland, Zwitserland, Suisse, Schweiz, Svizzera, Szwajcaria
CN: CHN, China, Chine, Cina, Chiny, 中国
CY: CYP, Cyprus, Chypre, Zypern, Cipro, Cypr
CZ: CZE, Czechia, Czech Republic, Tsjechië, Tchéquie, République tchèque, Tschechien
CZ: Repubblica Ceca, Cechia, Czechy
DE: DEU, D, Germany, Duitsland, Allemagne, Deutschland, Germania, Niemcy
DK: DNK, Denmark, Denemarken, Danemark, Dänemark, Danimarca, Dania
EE: EST, Estonia, Estland, Estonie
ES: ESP, Spain, Spanje, Espagne, Spanien, Spagna, Hiszpania, España
FI: FIN, Finland, Finlande, Finnland, Finlandia
FR: FRA, F, France, Frankrijk, Frankreich, Francia, Francja
GB: GBR, UK, United Kingdom, Great Britain
GB: Verenigd Koninkrijk, Groot-Brittannië, Royaume-Uni, Großbritannien
GB: Vereinigtes Königreich, Regno Unito, Wielka Brytania
GR: GRC, Greece, Griekenland, Grèce, Griechenland, Grecia, Grecja
HR: HRV, Croatia, Kroatië, Croatie, Kroatien, Croazia, Chorwacja
HU: HUN, Hungary, Hongarije, Hongrie, Ungarn, Ungheria, Węgry
IE: IRL, Ireland, Ierland, Irlande, Irland, Irlanda, Irlandia
IS: ISL, Iceland, IJsland, Islande, Island, Islanda, Islandia
IT: ITA, I, Italy, Italië, Italie, Italien, Italia, Włochy
LI: LIE, Liechtenstein
LT: LTU, Lithuania, Litouwen, Lituanie, Litauen, Lituania, Litwa
LU: LUX, Luxembourg, Luxemburg, Lussemburgo, Luksemburg
LV: LVA, Latvia, Letland, Lettonie, Lettland, Lettonia, Łotwa
MC: MCO, Monaco
MT: MLT, Malta, Malte
NL: NLD, Netherlands, The Netherlands, Nederland, Holland, Pays-Bas
NL: Niederlande, Paesi Bassi, Olanda, Holandia, Niderlandy
NO: NOR, Norway, Noorwegen, Norvège, Norwegen, Norvegia, Norwegia
PL: POL, Poland, Polen, Pologne, Polonia, Polska
PT: PRT, Portugal, Portogallo, Portugalia
RO: ROU, Romania, Roemenië, Roumanie, Rumänien, Rumunia
RS: SRB, Serbia, Servië, Serbie, Serbien
SE: SWE, Sweden, Zweden, Suède, Schweden, Svezia, Szwecja
SI: SVN, Slovenia, Slovenië, Slovénie, Slowenien, Słowenia
SK: SVK, Slovakia, Slowakije, Slovaquie, Slowakei, Slovacchia, Słowacja
TR: TUR, Turkey, Türkiye, Turkije, Turquie, Türkei, Turchia, Turcja
UA: UKR, Ukraine, Oekraïne, Ucraina, Ukraina
US: USA, United States, United States of America, Verenigde Staten
US: États-Unis, Vereinigte Staaten, Stati Uniti, Stany Zjednoczone
"""

NAMES: dict[str, tuple[str, ...]] = {}
"""Names by alpha-2 code; a long list takes two lines of the table."""
for _line in _TABLE.strip().splitlines():
    _code, _, _names = _line.partition(":")
    NAMES[_code] = (*NAMES.get(_code, ()), *(_name.strip() for _name in _names.split(",")))
