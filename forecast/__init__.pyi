from featurizers import *
from forecast.export import to_onnx as to_onnx
from learners import *
