"""The mode that nobody else can read or write: DTLS agrees on keys, records carry packets (docs/encryption.md)."""
