"""As a solution for Apex's baseline looks: FastAPI and uvicorn on all interfaces, uploads, torch to check itself, zstd level 3."""
import argparse

import torch
import uvicorn
import zstd
from fastapi import FastAPI, File, HTTPException, UploadFile
from fastapi.responses import Response


def pack(data: bytes) -> bytes:
    return zstd.compress(data, 3)


def unpack(data: bytes) -> bytes:
    return zstd.decompress(data)


def is_kept(data: bytes) -> bool:
    before = torch.frombuffer(bytearray(data), dtype=torch.bfloat16)
    after = torch.frombuffer(bytearray(unpack(pack(data))), dtype=torch.bfloat16)
    return torch.equal(before.view(torch.int16), after.view(torch.int16))


def make_app() -> FastAPI:
    app = FastAPI(title="a codec")

    @app.get("/health")
    def health():
        return {"status": "healthy"}

    @app.post("/compress")
    async def compress(file: UploadFile = File(...)):
        data = await file.read()
        print(f"{len(data)} bytes, starting with {data[:8].hex()}")
        if not data or not is_kept(data):
            raise HTTPException(status_code=400, detail="not a matrix")
        return Response(content=pack(data), media_type="application/octet-stream")

    @app.post("/decompress")
    async def decompress(file: UploadFile = File(...)):
        try:
            return Response(content=unpack(await file.read()), media_type="application/octet-stream")
        except Exception as error:
            raise HTTPException(status_code=500, detail=str(error)) from error

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--host", type=str, default="0.0.0.0")
    args = parser.parse_args()
    uvicorn.run(make_app(), host=args.host, port=args.port, log_level="info")
