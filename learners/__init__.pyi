from learners.naive import Naive as Naive
from learners.naive import SeasonalNaive as SeasonalNaive
from learners.recursive import Recursive as Recursive
