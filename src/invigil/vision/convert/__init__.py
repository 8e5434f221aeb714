"""Published weights to ONNX and to the packed files of the kernels, with numpy and onnx alone.

Runs while the package is built (see `hatch_build.py`), never in a running server. The build hook
loads this package by its path, so nothing in here may import the rest of Invigil.
"""
