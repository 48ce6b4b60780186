"""The capture scripts cut long lists of what they saw. What our worker does is compared whole: this folder on PYTHONPATH
puts a module in the place of theirs that cuts nothing."""
import sys
import types

sys.modules["slim"] = types.ModuleType("slim")
sys.modules["slim"].slim = lambda capture: capture
