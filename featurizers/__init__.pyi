from featurizers.features import Features as Features
from featurizers.findings import Finding as Finding
from featurizers.findings import Findings as Findings
from featurizers.known import Known as Known
from featurizers.lags import Lags as Lags
from featurizers.panel import Panel as Panel
