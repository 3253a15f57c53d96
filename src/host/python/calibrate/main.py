"""The main module of the calibration. Every spawned process imports it again, so it is nearly empty."""


def nothing(*_):
    """Does nothing. An interpreter has to import this module to call it."""


if __name__ == "__main__":
    import calibrate

    calibrate.main()
