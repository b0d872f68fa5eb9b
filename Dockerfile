# syntax=docker/dockerfile:1
# One image a service: docker build --build-arg SERVICE=siren/product -t siren-product .
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
# The tools come as packages; what their install scripts would download is not needed here.
RUN --mount=type=cache,target=/root/.npm npm ci --include=dev --no-audit --no-fund --ignore-scripts
COPY buf.yaml buf.gen.yaml ./
COPY proto proto
COPY scripts scripts
COPY mesh mesh
# A service may import what its system has in common; of the others nothing is generated.
COPY services services
ARG SERVICE
RUN find services -name schema.prisma -not -path "services/${SERVICE}/*" -delete && \
    node scripts/gen.ts && node scripts/bundle.ts services/${SERVICE} /app

FROM gcr.io/distroless/nodejs24-debian12:nonroot
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app .
EXPOSE 50051
CMD ["main.mjs"]
