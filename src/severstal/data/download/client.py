"""The competition's archive, fetched with Kaggle's official client and the user's own token."""

import io
import logging
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from severstal.competition.folder import COMPETITION
from severstal.errors import SeverstalError

logger = logging.getLogger("severstal")

ARCHIVE = f"{COMPETITION}.zip"
TOKEN_STEPS = (
    "1. on https://www.kaggle.com/settings/api choose Generate New Token, "
    "2. save it as ~/.kaggle/access_token or set KAGGLE_API_TOKEN to it; then run the same command again"
)
_UNREADABLE = (
    "the Kaggle token's file (~/.kaggle/access_token or kaggle.json) is not plain UTF-8 text (PowerShell's "
    "`>` writes UTF-16): save it as UTF-8 without a byte-order mark, or set KAGGLE_API_TOKEN to the token"
)
RULES_STEPS = (
    f"1. sign in and open https://www.kaggle.com/competitions/{COMPETITION}/rules, "
    "2. accept the rules (Late Submission); then run the same command again"
)
AGAIN = "run the same command again, it resumes"


def fetch_archive(folder: Path) -> Path:
    """Download the competition's zip, and continue an interrupted download.

    The token is found where the client looks for one: `KAGGLE_API_TOKEN`, `~/.kaggle/access_token`,
    `KAGGLE_USERNAME` and `KAGGLE_KEY`, `kaggle.json`, or what `kaggle auth login` left.

    Args:
        folder: folder to download to; it must exist.

    Returns:
        The file.

    Raises:
        SeverstalError: the client is not installed; no token, or one that Kaggle does not accept; the rules
            are not accepted; no network. What was downloaded stays.
    """
    try:
        from requests import HTTPError, RequestException
        from urllib3.exceptions import HTTPError as TransportError

        with redirect_stdout(io.StringIO()):  # importing it signs in, and prints a page where that fails
            from kaggle.api.kaggle_api_extended import KaggleApi
    except ImportError:
        raise SeverstalError(
            "Kaggle's client is not installed: pip install kaggle six, then run the same command again"
        ) from None
    except ValueError:  # of a file that it read at once: not UTF-8, or a byte-order mark before JSON
        raise SeverstalError(_UNREADABLE) from None
    path = folder / ARCHIVE
    try:
        client = KaggleApi()
        _sign_in(client)
        client.competition_download_files(COMPETITION, path=str(folder), quiet=False)
    except HTTPError as error:
        raise _explain_status(error) from None
    except (RequestException, TransportError) as error:
        raise SeverstalError(
            f"the connection to Kaggle failed ({_reason(error)}): check the network and {AGAIN}"
        ) from None
    except ValueError as error:  # the sizes differ: an answer that was no archive was taken for one
        path.unlink(missing_ok=True)
        raise SeverstalError(f"{path}: {_reason(error)}: run the same command again") from None
    if not path.is_file():
        raise SeverstalError(f"{path}: Kaggle sent no archive: run the same command again later")
    return path


def _sign_in(client: Any) -> None:
    """Let the client find a token; it is checked by Kaggle now or at the download."""
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            client.authenticate()
    except ValueError:
        raise SeverstalError(_UNREADABLE) from None
    except SystemExit:
        raise SeverstalError(f"no valid Kaggle token found: {TOKEN_STEPS}") from None
    if said.getvalue().strip():
        logger.info(said.getvalue().strip())


def _explain_status(error: Any) -> SeverstalError:
    match error.response.status_code:
        case 401:
            return SeverstalError(f"Kaggle does not accept the token (401): {TOKEN_STEPS}")
        case 403:
            return SeverstalError(f"Kaggle refuses the download (403, {_reason(error)}): {RULES_STEPS}")
        case status:
            return SeverstalError(f"Kaggle answers {status} ({_reason(error)}): {AGAIN}, later")


def _reason(error: Exception) -> str:
    """The first line of an error's text; of an error wrapped in others, of the innermost."""
    while inner := [
        value for value in (getattr(error, "reason", None), *error.args) if isinstance(value, Exception)
    ]:
        error = inner[0]
    line = (str(error).splitlines() or [""])[0]
    return "".join(character for character in line if character.isprintable())[:160] or type(error).__name__
