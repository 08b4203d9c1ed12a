"""Which words of the APIs hold what: the scrubber keeps what is listed here and replaces the rest."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SECRET = re.compile(
    r"token|secret|passw|session_?id|assertion|signature|credential|api_?key|private_?key|authorization|cookie"
    r"|client_id|code_verifier|^sid$|^code$|^pwd?$",
    re.IGNORECASE,
)
"""Names of fields, parameters and elements that hold what lets somebody in."""

PROTOCOL = _words(
    """
    type referenceId method statusCode extendedErrorCode errorCode exceptionCode fields operation object state
    contentType lineEnding columnDelimiter concurrencyMode apiVersion externalIdFieldName createdDate systemModstamp
    jobType retries version done totalSize size expires grant_type token_type issued_at scope format error keyPrefix
    queryLocator locator relationshipName graphId binaryPartName binaryPartNameAlias faultcode convertedStatus
    latestDateCovered allOrNone allOrNoneHeader columnName aggregate apexType displayName foreignKeyName
    numberBatchesQueued numberBatchesInProgress numberBatchesCompleted numberBatchesFailed numberBatchesTotal
    numberRecordsProcessed numberRecordsFailed numberRetries totalProcessingTime apiActiveProcessingTime
    apexProcessingTime userDefaultCurrencyIsoCode userLanguage userLocale userTimeZone userType userUiSkin
    currencySymbol organizationMultiCurrency orgDisallowHtmlAttachments orgHasPersonAccounts accessibilityMode
    passwordExpired sandbox sessionSecondsValid user_type zoneinfo locale language timezone label
    ETag Last-Modified Location
    """
)
"""Keys of the APIs' own documents (the name as it is written there) whose values say nothing of people."""

PROSE = _words(
    "message exceptionMessage faultstring error_description stateMessage errorMessage sf__Error Error"
)
"""Keys of sentences that an org writes, in which it may quote what it was sent."""

LINKS = _words(
    "url nextRecordsUrl contentUrl serverUrl metadataServerUrl instance_url id_url resultUrl failedResultsUrl "
    "successfulResultsUrl partialSuccessUrl"
)
"""Keys of addresses on the org."""

QUERIES = frozenset({"q", "query", "queryString"})
"""Keys of SOQL."""

PARAMETERS = _words(
    "ids fields columns format maxRecords locator start end sObjects isPkChunkingEnabled jobType concurrencyMode "
    "queryLocator limit offset grant_type scope explain encoding"
)
"""Parameters of addresses and forms that are kept."""

REQUEST_HEADERS = _words(
    "content-type accept if-match if-none-match if-modified-since if-unmodified-since soapaction x-prettyprint"
)
ANSWER_HEADERS = _words("content-type location etag last-modified retry-after warning")
"""Headers worth keeping, beside those that begin with ``sforce-``."""

DROPPED_HEADERS = frozenset({"sforce-call-options"})

_ID = r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?"
ID_IN_TEXT = re.compile(rf"(?<![0-9A-Za-z]){_ID}(?![0-9A-Za-z])")
EMAIL_IN_TEXT = re.compile(r"[\w.+%-]+(?:'[\w.+%-]+)*@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"[+(]?\d[\d ()./-]{4,20}\d")
PHONE_IN_TEXT = re.compile(r"(?<![\w.:+-])(?:\+|00)\d[\d ()./-]{6,18}\d(?![\w-])")
HOST_IN_TEXT = re.compile(
    r"https?://[\w.-]+\.(?:salesforce|force|salesforce-setup|documentforce|sfdc|cloudforce)\.(?:com|net|mil)(?::\d+)?",
    re.IGNORECASE,
)
TOKEN_IN_TEXT = re.compile(r"00D[0-9A-Za-z]{12,15}![\w.]+")

DATE = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
TIME = re.compile(r"\d\d:\d\d:\d\d(?:\.\d+)?Z?")
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
"""Values of types that are kept, as CSV and XML write them."""

HARMLESS = (
    "leadstatus.*",
    "casestatus.*",
    "orderstatus.*",
    "contractstatus.*",
    "taskstatus.*",
    "opportunitystage.*",
    "recordtype.*",
    "profile.name",
    "permissionset.name",
    "entitydefinition.*",
    "fielddefinition.*",
    "group.name",
    "group.developername",
    "queuesobject.*",
    "pricebook2.name",
    "product2.name",
    "product2.productcode",
    "product2.family",
    "*.productcode",
)
"""Fields of the org's set-up and catalogue: what stands there is the organisation's, not a person's."""

PERSONAL = re.compile(r"birth|latitude|longitude|ssn|passport|iban|tax_?id|salary", re.IGNORECASE)
"""Names of fields whose dates and numbers are about a person."""
