# syntax=docker/dockerfile:1
# One image for every role: `command` says which. Debian, because the warehouse's engine in the chdb package needs glibc.
FROM node:20.19.5-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:20.19.5-bookworm-slim
ENV NODE_ENV=production VIGOR_DATA_DIR=/data BIND_HOST=0.0.0.0 NPM_CONFIG_CACHE=/tmp/npm
# `yes` for the pipeline, which builds the reports: 640 MB that no other role needs.
ARG REPORTS=no
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY . .
RUN if [ "$REPORTS" = yes ]; then npm ci --include=dev --no-audit --no-fund --prefix reports; fi
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 8090
# Not through npm: signals reach the process itself, which then stops without losing anything.
ENTRYPOINT ["node", "--max-semi-space-size=32", "--import", "@oxc-node/core/register"]
CMD ["gateway/main.ts"]
