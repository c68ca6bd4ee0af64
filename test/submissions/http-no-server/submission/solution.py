"""Names /health and serves nothing: the program ends at once."""
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--listen", type=int)
print("GET /health", parser.parse_args())
