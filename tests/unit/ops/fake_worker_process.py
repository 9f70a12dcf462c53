"""A stand-in for a worker process under a parent. It says what it is told to, and then does one
thing: `wait` for the parent's end, `die`, or wait and be `stubborn` about signals.

Arguments: what to do, what to say (hexadecimal), then what every worker gets: number, descriptor.
"""

import signal
import socket
import sys


def main():
    what, words, _number, descriptor = sys.argv[1:]
    if what == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    line = socket.socket(fileno=int(descriptor))
    line.sendall(bytes.fromhex(words))
    if what == "die":
        sys.exit(7)
    line.recv(1)


main()
