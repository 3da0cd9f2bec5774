# An image of the wheel. `./release`, or `pip wheel --no-deps --wheel-dir dist .`, makes that first.
FROM python:3.13-slim
COPY dist/vitals-*.whl /tmp/
RUN useradd --system --create-home --home-dir /var/lib/vitals vitals
RUN pip install --no-cache-dir "$(ls /tmp/vitals-*.whl | sort -V | tail -n 1)[redis,notify]"
USER vitals
VOLUME /var/lib/vitals
EXPOSE 8000
ENTRYPOINT ["vitals"]
CMD ["serve", "--host", "0.0.0.0"]
