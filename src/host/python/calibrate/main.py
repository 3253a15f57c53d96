"""The main module of the calibration. Every spawned process imports it again and pays for it, so it is next to nothing."""

if __name__ == "__main__":
    import calibrate

    calibrate.main()
