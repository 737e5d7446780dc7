#!/usr/bin/env python3
"""Power a host of the lab off, and confirm it: asks the control machine, which is .1 of its network."""

import os
import sys
import urllib.request
from pathlib import Path

host, address = sys.argv[1:]
switch = f"http://{address.rsplit('.', 1)[0]}.1:7990/off/{host}"
word = Path(os.environ["FENCE_SECRET_FILE"]).read_text()
# Anything but a success raises, and the exit is 1.
request = urllib.request.Request(switch, method="POST", headers={"Authorization": f"Bearer {word}"})
with urllib.request.urlopen(request, timeout=8):  # noqa: S310
    print(f"{host} is off")
