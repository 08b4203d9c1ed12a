"""What is left of the org's allowances, and how many records there are.

Source: REST API Developer Guide, "Limits", "Record Count".
"""

from sfsync.mockorg.http import Reply
from sfsync.mockorg.router import Route
from sfsync.mockorg.state import Call

V = "/services/data/{version}"

UNTOUCHED = {
    "ActiveScratchOrgs": 3,
    "AnalyticsExternalDataSizeMB": 40_960,
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAnalyticsDataflowJobExecutions": 60,
    "DailyAsyncApexExecutions": 250_000,
    "DailyAsyncApexTests": 500,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyDeliveredPlatformEvents": 10_000,
    "DailyDurableGenericStreamingApiEvents": 10_000,
    "DailyDurableStreamingApiEvents": 10_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyScratchOrgs": 6,
    "DailyStandardVolumePlatformEvents": 10_000,
    "DailyStreamingApiEvents": 10_000,
    "DailyWorkflowEmails": 100_075,
    "DataStorageMB": 1_073,
    "DurableStreamingApiConcurrentClients": 20,
    "FileStorageMB": 1_073,
    "HourlyAsyncReportRuns": 1_200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5_000,
    "HourlyDashboardStatuses": 999_999_999,
    "HourlyLongTermIdMapping": 100_000,
    "HourlyODataCallout": 1_000,
    "HourlyPublishedPlatformEvents": 50_000,
    "HourlyPublishedStandardVolumePlatformEvents": 1_000,
    "HourlyShortTermIdMapping": 100_000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 500,
    "MassEmail": 5_000,
    "MonthlyPlatformEventsUsageEntitlement": 0,
    "Package2VersionCreates": 6,
    "Package2VersionCreatesWithoutValidation": 500,
    "PublishCallbackUsageInApex": 5_242_880,
    "SingleEmail": 5_000,
    "StreamingApiConcurrentClients": 20,
}
"""Allowances that nothing here uses up, as a developer org has them."""


def limits(call: Call) -> Reply:
    """GET /limits."""
    stats, jobs = call.state.stats, call.state.jobs
    batches = jobs.batches
    queries = sum(job.kind == "query" for job in jobs.bulk2.values())
    counted = {
        "DailyApiRequests": (stats.maximum, stats.maximum - stats.used),
        "DailyBulkApiBatches": (batches.maximum, batches.left(call.core.clock.now())),
        "DailyBulkV2QueryJobs": (10_000, 10_000 - queries),
        **{name: (value, value) for name, value in UNTOUCHED.items()},
    }
    answer = {
        name: {"Max": most, "Remaining": max(left, 0)} for name, (most, left) in sorted(counted.items())
    }
    return Reply(200, answer)


def record_count(call: Call) -> Reply:
    """GET /limits/recordCount: objects that hold nothing are left out when none were named."""
    asked = call.request.query.get("sObjects", "")
    names = [name.strip() for name in asked.split(",") if name.strip()] or list(call.core.schema.objects)
    counted = []
    for name in names:
        definition = call.core.schema.objects.get(name)
        count = call.core.count(definition.name) if definition else 0
        if definition and (count or asked):
            counted.append({"count": count, "name": definition.name})
    return Reply(200, {"sObjects": counted})


ROUTES = (
    Route("GET", V + "/limits", limits, "limits"),
    Route("GET", V + "/limits/recordCount", record_count, "record_count"),
)
