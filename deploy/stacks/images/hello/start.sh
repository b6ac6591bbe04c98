#!/bin/sh
# A static site that says which container answers. PID 1 must handle TERM itself: the kernel ignores it otherwise.
set -eu
mkdir -p /tmp/www
cp -R /www/. /tmp/www/
sed "s/@HOSTNAME@/$(hostname)/g" /www/index.html > /tmp/www/index.html
httpd -f -p 8080 -h /tmp/www &
trap 'kill $!; exit 0' TERM INT
wait $!
