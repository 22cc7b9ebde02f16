# syntax=docker/dockerfile:1
# The image: one static binary on nothing. The last stage is the same as in deploy/Dockerfile.local.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /appia ./cmd/appia

FROM alpine:3 AS certificates
RUN apk add --no-cache ca-certificates

FROM scratch
COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /appia /appia
EXPOSE 80 8080
VOLUME /var/lib/appia
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 CMD ["/appia", "healthcheck"]
ENTRYPOINT ["/appia"]
