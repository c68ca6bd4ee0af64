# A validator in a container. With a registry:      docker build -t evalmesh .
# Without one, on an imported Debian base:          docker build --network host --build-arg BASE=<base> -t evalmesh .
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /app
# A bare Debian base has no npm of its own; only this stage keeps it.
RUN command -v npm >/dev/null || { apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends -o DPkg::Options::=--force-unsafe-io ca-certificates nodejs npm >/dev/null; }
COPY package.json package-lock.json .npmrc ./
# All packages first: Node 24 itself is one of them and goes along where the base has no Node that is new enough.
RUN npm ci --loglevel=error && mkdir /opt/node \
  && { node -e 'process.exit(parseInt(process.versions.node) < 24 ? 1 : 0)' || cp node_modules/node/bin/node /opt/node/; } \
  && npm prune --omit=dev --loglevel=error
COPY . .

FROM ${BASE}
COPY --from=build /opt/node/ /usr/local/bin/
COPY --from=build /app /app
# The state folder is the only place that the validator writes to: mount a volume there.
RUN useradd --uid 64010 --create-home --home-dir /var/lib/evalmesh evalmesh \
  && printf '#!/bin/sh\nexec node /app/node/main.ts "$@"\n' >/usr/local/bin/evalmesh \
  && chmod 755 /usr/local/bin/evalmesh
USER evalmesh
WORKDIR /var/lib/evalmesh
VOLUME /var/lib/evalmesh
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["evalmesh"]
CMD ["--help"]
