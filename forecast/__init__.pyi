from featurizers import *
from forecast import datasets as datasets
from forecast.automatic import auto as auto
from forecast.backtest import RollingOrigin as RollingOrigin
from forecast.best import Best as Best
from forecast.conformal import Conformal as Conformal
from forecast.conformal import Ready as Ready
from forecast.conformal import Widths as Widths
from forecast.engine import processes as processes
from forecast.ensemble import Ensemble as Ensemble
from forecast.export import to_onnx as to_onnx
from forecast.folders import runs as runs
from forecast.folders import trials as trials
from forecast.job import Job as Job
from forecast.leaderboard import Leaderboard as Leaderboard
from forecast.leaderboard import compare as compare
from forecast.per_group import PerGroup as PerGroup
from forecast.per_group import PerSeries as PerSeries
from forecast.running import Run as Run
from forecast.recipes import from_toml as from_toml
from forecast.recipes import to_toml as to_toml
from forecast.running import resume as resume
from forecast.running import run as run
from forecast.saving import load as load
from forecast.saving import save as save
from forecast.scorer import score as score
from forecast.sweep import Sweep as Sweep
from learners import *
