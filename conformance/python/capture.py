"""Runs scenarios of a capture script by their exact names: capture.py FOLDER SCRIPT NAME ...  The script itself is
imported as it is. Without a name only what the script prepares is made."""
import importlib
import os
import sys
import traceback

folder, script, *names = sys.argv[1:]
sys.path[0:0] = [folder, os.path.join(folder, "tools")]
# capture_local.py runs when it is imported, and accepts parts of names.
sys.argv[1:] = names
module = importlib.import_module(script)
known = {f.__name__: f for f in getattr(module, "ALL", [])}
for name in names:
    if script == "capture_local":
        break
    try:
        known[name]()
    except Exception as error:
        print("!!!", name, repr(error))
        traceback.print_exc()
