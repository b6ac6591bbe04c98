#!/bin/sh
# A small service with state: notes in /data, one file each.
set -eu
mkdir -p /data/notes
httpd -f -p 8080 -h /www &
trap 'kill $!; exit 0' TERM INT
wait $!
