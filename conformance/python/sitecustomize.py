"""The capture scripts shorten long lists. The captures of our workers stay complete: this folder on PYTHONPATH replaces the
module that shortens them."""
import sys
import types

sys.modules["slim"] = types.ModuleType("slim")
sys.modules["slim"].slim = lambda capture: capture
